/** When to send a handshake packet again: at once, then after a time that doubles up to a second. */
export class RetransmitTimer {
  #dueUs = Number.NEGATIVE_INFINITY;
  #intervalUs: number;
  #timesSent = 0;

  /** @param firstIntervalUs time from the first sending to the second */
  constructor(firstIntervalUs: number) {
    this.#intervalUs = firstIntervalUs;
  }

  /** Next time to send; in the past for "now". */
  get dueUs(): number {
    return this.#dueUs;
  }

  get timesSent(): number {
    return this.#timesSent;
  }

  onSent(nowUs: number): void {
    this.#timesSent++;
    this.#dueUs = nowUs + this.#intervalUs;
    this.#intervalUs = Math.min(2 * this.#intervalUs, MAX_INTERVAL_US);
  }
}

/** First repetition while the round trip is not known. */
export const FIRST_INTERVAL_US = 250_000;
const MAX_INTERVAL_US = 1_000_000;
