/** A token bucket that lets pass what there are tokens for, and drops the rest (RFC 2475 §2.3.3.4). */
export class Policer {
  readonly #rateBytesPerSecond: number;
  readonly #burstBytes: number;
  #tokens: number;
  #filledUs = 0;

  constructor({ rateBytesPerSecond, burstBytes }: { rateBytesPerSecond: number; burstBytes: number }) {
    this.#rateBytesPerSecond = rateBytesPerSecond;
    this.#burstBytes = burstBytes;
    this.#tokens = burstBytes;
  }

  admits(nowUs: number, wireBytes: number): boolean {
    const gained = ((nowUs - this.#filledUs) * this.#rateBytesPerSecond) / 1e6;
    this.#tokens = Math.min(this.#burstBytes, this.#tokens + gained);
    this.#filledUs = nowUs;
    if (this.#tokens < wireBytes) return false;
    this.#tokens -= wireBytes;
    return true;
  }
}
