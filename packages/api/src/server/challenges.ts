import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';

const NONCE_BYTES = 16;

/**
 * What log-ins by key sign. A challenge carries its time and a seal of this process, so that nothing is kept of those that are only
 * asked for; those that were answered are kept while they live, so that none is taken twice.
 */
export class Challenges {
  readonly #key = randomBytes(32);
  readonly #lifeMs: number;
  readonly #maxAnswered: number;
  readonly #nowMs: () => number;
  /** Oldest first. */
  readonly #answered = new Map<string, number>();

  constructor({ lifeMs, maxAnswered }: { lifeMs: number; maxAnswered: number }, nowMs: () => number) {
    this.#lifeMs = lifeMs;
    this.#maxAnswered = maxAnswered;
    this.#nowMs = nowMs;
  }

  /** @returns 32 bytes: 8 of time, 8 that are random, 16 of seal */
  create(): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    nonce.writeDoubleBE(this.#nowMs());
    return Buffer.concat([nonce, this.#seal(nonce)]);
  }

  /**
   * Uses one up.
   * @throws JetStreamError `login-refused` when it is none of ours, too old, or used; `limit-exceeded`
   */
  answer(challenge: Uint8Array): void {
    const nonce = Buffer.from(challenge.subarray(0, NONCE_BYTES));
    const seal = challenge.subarray(NONCE_BYTES);
    if (challenge.length !== 2 * NONCE_BYTES || !timingSafeEqual(seal, this.#seal(nonce))) throw refused();
    const nowMs = this.#nowMs();
    const endMs = nonce.readDoubleBE() + this.#lifeMs;
    this.#forget(nowMs);
    const name = nonce.toString('latin1');
    if (nowMs > endMs || this.#answered.has(name)) throw refused();
    if (this.#answered.size >= this.#maxAnswered) {
      throw new JetStreamError('limit-exceeded', 'too many log-ins by key; try again in a while');
    }
    this.#answered.set(name, nowMs + this.#lifeMs);
  }

  #seal(nonce: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key).update(nonce).digest().subarray(0, NONCE_BYTES);
  }

  #forget(nowMs: number): void {
    for (const [name, endMs] of this.#answered) {
      if (endMs >= nowMs) return;
      this.#answered.delete(name);
    }
  }
}

function refused(): JetStreamError {
  return new JetStreamError(
    'login-refused',
    'the challenge is used up, too old, or of another server; ask for a new one',
  );
}
