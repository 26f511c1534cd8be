import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';

interface Question {
  policy: RatePolicy;
  answer: (inForce: RatePolicy) => void;
  fail: (error: unknown) => void;
}

/**
 * Asks the server to send by a rate policy: one question at a time (RP-2). Of several that would have to wait only the last is
 * put; its answer is that to all of them. A question that a link left unanswered is put again on the next.
 */
export class ServerRatePolicy {
  #send: ((policy: RatePolicy) => void) | undefined;
  #put: Question[] = [];
  #waiting: Question[] = [];
  #end: JetStreamError | undefined;

  /** There is a link now. @param send sends a question on it */
  connect(send: (policy: RatePolicy) => void): void {
    this.#send = send;
    this.#waiting.unshift(...this.#put);
    this.#put = [];
    if (this.#waiting.length > 0) this.#putLast();
  }

  /** @returns the policy that the server keeps to from now on; rejects with why there is no server any more that might say so */
  ask(policy: RatePolicy): Promise<RatePolicy> {
    return new Promise((answer, fail) => {
      if (this.#end !== undefined) return fail(this.#end);
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

  end(error: JetStreamError): void {
    this.#end = error;
    for (const { fail } of [...this.#put, ...this.#waiting]) fail(error);
    this.#put = [];
    this.#waiting = [];
  }

  #putLast(): void {
    if (this.#send === undefined) return;
    this.#put = this.#waiting;
    this.#waiting = [];
    this.#send(this.#put.at(-1)!.policy);
  }
}
