import { hash, randomBytes } from 'node:crypto';
import type { ApiIdentity } from '../contract.ts';
import type { ApiLimits } from './limits.ts';

/** A log-in: of whoever bears its token, or of one WebSocket, with which it ends. */
export interface ApiSession {
  readonly digest: string;
  readonly identity: ApiIdentity;
  /** Raised by the commands of these names. */
  superuser: boolean;
  wrangler: boolean;
  readonly endsMs: number;
  usedMs: number;
  /** When it was last made sure that the account may still be what the session was raised to. */
  rolesCheckedMs: number;
}

/**
 * Who is logged in: in memory alone, so that a restart forgets all. Tokens are kept as digests, so that neither a look into memory nor
 * the time of a look-up gives one away. Where one too many logs in, the session that was unused for the longest time ends.
 */
export class Sessions {
  readonly #limits: ApiLimits;
  readonly #nowMs: () => number;
  /** By digest of the token; used last comes last. */
  readonly #sessions = new Map<string, ApiSession>();

  constructor(limits: ApiLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get size(): number {
    this.#forgetEnded();
    return this.#sessions.size;
  }

  /** @returns the session, and what its bearer shows: told once, and not to be guessed */
  open(identity: ApiIdentity): { session: ApiSession; token: string } {
    this.#makeRoom(identity.account);
    const nowMs = this.#nowMs();
    const token = randomBytes(32).toString('base64url');
    const session: ApiSession = {
      digest: digestOf(token),
      identity,
      superuser: false,
      wrangler: false,
      endsMs: nowMs + this.#limits.sessionLifeMs,
      usedMs: nowMs,
      rolesCheckedMs: nowMs,
    };
    this.#sessions.set(session.digest, session);
    return { session, token };
  }

  /** @returns undefined when there is none of that token, or no longer */
  find(token: string): ApiSession | undefined {
    const session = this.#sessions.get(digestOf(token));
    return session && this.use(session);
  }

  /** A session that is used lives on. @returns undefined when it has ended */
  use(session: ApiSession): ApiSession | undefined {
    if (!this.has(session)) return undefined;
    this.#sessions.delete(session.digest);
    session.usedMs = this.#nowMs();
    this.#sessions.set(session.digest, session);
    return session;
  }

  /** Asked for each event and each WebSocket: looks at no other session. */
  has(session: ApiSession): boolean {
    if (this.#hasEnded(session)) this.close(session);
    return this.#sessions.has(session.digest);
  }

  close(session: ApiSession): void {
    this.#sessions.delete(session.digest);
  }

  #makeRoom(account: string): void {
    this.#forgetEnded();
    const all = [...this.#sessions.values()];
    const own = all.filter(({ identity }) => identity.account === account);
    if (own.length >= this.#limits.sessionsPerAccount) this.close(own[0]!);
    else if (all.length >= this.#limits.sessions) this.close(all[0]!);
  }

  #forgetEnded(): void {
    for (const session of this.#sessions.values()) if (this.#hasEnded(session)) this.close(session);
  }

  #hasEnded({ endsMs, usedMs }: ApiSession): boolean {
    const nowMs = this.#nowMs();
    return nowMs >= endsMs || nowMs >= usedMs + this.#limits.sessionIdleMs;
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
