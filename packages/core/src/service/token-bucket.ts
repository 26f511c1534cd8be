const MAX_SOURCES = 1_024;

/** Tokens that come back at a steady rate, up to a number. */
export class TokenBucket {
  readonly #burst: number;
  readonly #refillUs: number;
  #tokens: number;
  #atUs: number;

  constructor(burst: number, refillSeconds: number, nowUs: number) {
    this.#burst = burst;
    this.#refillUs = refillSeconds * 1e6;
    this.#tokens = burst;
    this.#atUs = nowUs;
  }

  /** @returns whether there was one */
  take(nowUs: number): boolean {
    const back = Math.max(0, nowUs - this.#atUs) / this.#refillUs;
    this.#tokens = Math.min(this.#burst, this.#tokens + back);
    this.#atUs = nowUs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** One for each source, e.g. an address or an account; of 1,024 of them, the least recent forgotten. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #refillSeconds: number;
  readonly #bySource = new Map<string, TokenBucket>();

  constructor(burst: number, refillSeconds: number) {
    this.#burst = burst;
    this.#refillSeconds = refillSeconds;
  }

  /** @returns whether the source had one left */
  take(source: string, nowUs: number): boolean {
    const bucket = this.#bySource.get(source) ?? new TokenBucket(this.#burst, this.#refillSeconds, nowUs);
    this.#bySource.delete(source);
    this.#bySource.set(source, bucket);
    if (this.#bySource.size > MAX_SOURCES) this.#bySource.delete(this.#bySource.keys().next().value!);
    return bucket.take(nowUs);
  }
}
