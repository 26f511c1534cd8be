export interface PolicerOptions {
  bytesPerSecond: number;
  /** What may pass at once after a pause. */
  burstBytes: number;
}

/** Polices a rate (RFC 2475 §2.3.3.4): what finds no tokens is dropped, and nothing ever waits. */
export class TokenBucket {
  readonly #options: PolicerOptions;
  #tokens: number;
  #filledUs = 0;

  constructor(options: PolicerOptions) {
    this.#options = options;
    this.#tokens = options.burstBytes;
  }

  passes(nowUs: number, bytes: number): boolean {
    const { bytesPerSecond, burstBytes } = this.#options;
    this.#tokens = Math.min(burstBytes, this.#tokens + ((nowUs - this.#filledUs) * bytesPerSecond) / 1e6);
    this.#filledUs = nowUs;
    if (this.#tokens < bytes) return false;
    this.#tokens -= bytes;
    return true;
  }
}
