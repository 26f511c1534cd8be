import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';

interface Question {
  policy: RatePolicy;
  answer: (inForce: RatePolicy) => void;
  fail: (error: unknown) => void;
}

/**
 * Asks the server to send by a rate policy: one question at a time (RP-2). Of several that would have to wait only the last is
 * put; its answer is that to all of them.
 */
export class ServerRatePolicy {
  readonly #send: (policy: RatePolicy) => void;
  #put: Question[] = [];
  #waiting: Question[] = [];
  #closed: JetStreamError | undefined;

  /** @param send sends the question */
  constructor(send: (policy: RatePolicy) => void) {
    this.#send = send;
  }

  /** @returns the policy that the server keeps to from now on; rejects with why the session closed before it said so */
  ask(policy: RatePolicy): Promise<RatePolicy> {
    return new Promise((answer, fail) => {
      if (this.#closed !== undefined) return fail(this.#closed);
      this.#waiting.push({ policy, answer, fail });
      if (this.#put.length === 0) this.#putLast();
    });
  }

  /** @throws JetStreamError `protocol-violation` when nothing was asked */
  onInForce(policy: RatePolicy): void {
    const answered = this.#put;
    if (answered.length === 0)
      throw new JetStreamError('protocol-violation', 'the server told a rate policy without being asked');
    this.#put = [];
    for (const { answer } of answered) answer(policy);
    if (this.#waiting.length > 0) this.#putLast();
  }

  onClosed(error: JetStreamError): void {
    this.#closed = error;
    for (const { fail } of [...this.#put, ...this.#waiting]) fail(error);
    this.#put = [];
    this.#waiting = [];
  }

  #putLast(): void {
    this.#put = this.#waiting;
    this.#waiting = [];
    this.#send(this.#put.at(-1)!.policy);
  }
}
