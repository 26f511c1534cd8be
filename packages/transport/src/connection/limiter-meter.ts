import type { Limiter } from '../contract.ts';

const INTERVAL_US = 1_000_000;
const LIMITERS: readonly Limiter[] = [
  'congestion',
  'pacing-cap',
  'peer-storage',
  'peer-credit',
  'application',
  'cpu',
  'none',
];

/** Which reason held a sender back for the largest share of the last interval of about a second. */
export class LimiterMeter {
  /** Of the last whole interval. */
  latest: Limiter = 'none';
  private readonly heldUs = new Float64Array(LIMITERS.length);
  private current: Limiter = 'none';
  /** Of `current` in `LIMITERS`. */
  private currentAt = LIMITERS.indexOf('none');
  private sinceUs = Number.NEGATIVE_INFINITY;
  private intervalStartUs = Number.NEGATIVE_INFINITY;

  /** From now on, or from the last note on if that is later, it is `limiter` that holds the sender. */
  note(nowUs: number, limiter: Limiter): void {
    if (this.intervalStartUs === Number.NEGATIVE_INFINITY) {
      this.intervalStartUs = nowUs;
      this.sinceUs = nowUs;
    }
    const atUs = Math.max(nowUs, this.sinceUs);
    this.heldUs[this.currentAt]! += atUs - this.sinceUs;
    this.sinceUs = atUs;
    if (limiter !== this.current) {
      this.current = limiter;
      this.currentAt = LIMITERS.indexOf(limiter);
    }
    if (atUs < this.intervalStartUs + INTERVAL_US) return;
    this.latest = this.largestShare();
    this.heldUs.fill(0);
    this.intervalStartUs = atUs;
  }

  /** When `note` should be called again so that `latest` becomes true; Infinity when it is. */
  get wakeUs(): number {
    return this.current === this.latest ? Number.POSITIVE_INFINITY : this.intervalStartUs + INTERVAL_US;
  }

  private largestShare(): Limiter {
    let best = 0;
    for (let i = 1; i < this.heldUs.length; i++) {
      if (this.heldUs[i]! > this.heldUs[best]!) best = i;
    }
    return LIMITERS[best]!;
  }
}
