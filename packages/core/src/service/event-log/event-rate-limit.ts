/** Events that one source may have at once, and after that one in each so many seconds. */
const BURST = 20;
const REFILL_SECONDS = 60;
/** Of all sources of one kind together. */
const TOTAL_BURST = 500;
/** Two thirds of the event log in its 90 days. */
const TOTAL_REFILL_SECONDS = 120;
const MAX_SOURCES = 1_024;

/** Tokens that come back at a steady rate, up to a number. */
class TokenBucket {
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

/** Bounds what strangers can put into the event log, each and all together, so that nobody can push out what others did. */
export class EventRateLimit {
  readonly #sources = new Map<string, TokenBucket>();
  #total: TokenBucket | undefined;
  #suppressed = 0;

  /**
   * @param source for example an address
   * @param nowUs monotonic
   * @returns undefined: too many; otherwise how many were too many since the last that was not
   */
  admit(source: string, nowUs: number): number | undefined {
    const bucket = this.#sources.get(source) ?? new TokenBucket(BURST, REFILL_SECONDS, nowUs);
    this.#sources.delete(source);
    this.#sources.set(source, bucket);
    if (this.#sources.size > MAX_SOURCES) this.#sources.delete(this.#sources.keys().next().value!);
    this.#total ??= new TokenBucket(TOTAL_BURST, TOTAL_REFILL_SECONDS, nowUs);
    if (!bucket.take(nowUs) || !this.#total.take(nowUs)) {
      this.#suppressed++;
      return undefined;
    }
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
