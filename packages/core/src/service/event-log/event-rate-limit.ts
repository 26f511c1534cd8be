import { TokenBucket, TokenBuckets } from '../token-bucket.ts';

/** Events that one source may have at once, and after that one in each so many seconds. */
const BURST = 20;
const REFILL_SECONDS = 60;
/** Of all sources of one kind together. */
const TOTAL_BURST = 500;
/** Two thirds of the event log in its 90 days. */
const TOTAL_REFILL_SECONDS = 120;

/** Bounds what strangers can put into the event log, each and all together, so that nobody can push out what others did. */
export class EventRateLimit {
  readonly #sources = new TokenBuckets(BURST, REFILL_SECONDS);
  #total: TokenBucket | undefined;
  #suppressed = 0;

  /**
   * @param source for example an address
   * @param nowUs monotonic
   * @returns undefined: too many; otherwise how many were too many since the last that was not
   */
  admit(source: string, nowUs: number): number | undefined {
    this.#total ??= new TokenBucket(TOTAL_BURST, TOTAL_REFILL_SECONDS, nowUs);
    if (!this.#sources.take(source, nowUs) || !this.#total.take(nowUs)) {
      this.#suppressed++;
      return undefined;
    }
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
