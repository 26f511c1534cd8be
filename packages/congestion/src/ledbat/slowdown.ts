import { FLOAT_ZERO } from '@jetstream/protocol';

// draft-irtf-iccrg-ledbat-plus-plus-06 §4.4.
const FIRST_AFTER_ROUND_TRIPS = 2;
const FREEZE_ROUND_TRIPS = 2;
/** A slowdown lasts until the window is what it was; the next one begins after nine times as long, so that they take a tenth of the time. */
const INTERVAL_FACTOR = 9;
/** Ours: where a round trip takes microseconds, nine times a slowdown is no time. */
const MIN_INTERVAL_US = 1_000_000;

/**
 * The slowdowns of LEDBAT++: now and then it sends next to nothing for two round trips, so that the queue it keeps drains and every
 * sender there sees the path's own RTT. Without them a late-comer takes the queue of the others for a part of the path.
 */
export class Slowdown {
  /** Next to nothing is to be sent. */
  isFrozen = false;
  /** Frozen, or on the way back to the window from before. */
  private isUnderWay = false;
  private beganUs = FLOAT_ZERO;
  /** When the next one begins; 0 for none planned. */
  private nextUs = FLOAT_ZERO;

  isDue(nowUs: number): boolean {
    return !this.isUnderWay && this.nextUs > 0 && nowUs >= this.nextUs;
  }

  begin(nowUs: number): void {
    this.isUnderWay = true;
    this.isFrozen = true;
    this.beganUs = nowUs;
  }

  onTime(nowUs: number, rttUs: number): void {
    if (nowUs - this.beganUs >= FREEZE_ROUND_TRIPS * rttUs) this.isFrozen = false;
  }

  /** Slow start is over, the first one or that of a slowdown: when is the next slowdown? */
  plan(nowUs: number, rttUs: number): void {
    const waitUs = this.isUnderWay
      ? Math.max(INTERVAL_FACTOR * (nowUs - this.beganUs), MIN_INTERVAL_US)
      : FIRST_AFTER_ROUND_TRIPS * rttUs;
    this.isUnderWay = false;
    this.nextUs = nowUs + waitUs;
  }
}
