import type { Limiter } from '../contract.ts';

const INTERVAL_US = 1_000_000;
const LIMITERS: readonly Limiter[] = ['congestion', 'pacing-cap', 'peer-credit', 'application', 'none'];

/** Which reason held the sender back for the largest share of the last interval of about a second. */
export class LimiterMeter {
  /** Of the last whole interval. */
  latest: Limiter = 'none';
  private readonly heldUs = new Float64Array(LIMITERS.length);
  private current: Limiter = 'none';
  private sinceUs: number;
  private intervalStartUs: number;

  constructor(nowUs: number) {
    this.sinceUs = nowUs;
    this.intervalStartUs = nowUs;
  }

  /** From now on it is `limiter` that holds the sender. */
  note(nowUs: number, limiter: Limiter): void {
    const index = LIMITERS.indexOf(this.current);
    this.heldUs[index]! += Math.max(0, nowUs - this.sinceUs);
    this.sinceUs = nowUs;
    this.current = limiter;
    if (nowUs < this.intervalStartUs + INTERVAL_US) return;
    this.latest = this.largestShare();
    this.heldUs.fill(0);
    this.intervalStartUs = nowUs;
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
