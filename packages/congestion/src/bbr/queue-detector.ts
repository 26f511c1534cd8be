import { FLOAT_ZERO } from '@jetstream/protocol';
import type { BbrState } from './state.ts';

/** A queue is seen when the RTT stays above min_rtt by an eighth of it, and by this at least. */
const DELAY_FRACTION = 1 / 8;
const MIN_DELAY_US = 4_000;
/** Nor is what jitter makes of the few samples that one window has. */
const JITTER_FRACTION = 1 / 2;
/** A queue of half a BDP. */
const DEEP_FRACTION = 1 / 2;
/** A path is judged over at least this, so that the jitter of a radio is not taken for a queue. */
export const MIN_WINDOW_US = 25_000;

/**
 * Is a queue standing at the bottleneck? Judged by the least RTT of the last one to two min_rtt: jitter raises some samples of a
 * window and the smoothed RTT with them, only a queue raises all.
 */
export class QueueDetector {
  /** Least RTT of the last window and of this one; 0 for none. */
  private lastLeastUs = FLOAT_ZERO;
  private leastUs = FLOAT_ZERO;
  private windowStartUs = FLOAT_ZERO;

  onRtt(state: BbrState, rttUs: number): void {
    if (rttUs <= 0) return;
    if (state.nowUs - this.windowStartUs >= Math.max(state.minRttUs, MIN_WINDOW_US)) {
      this.windowStartUs = state.nowUs;
      this.lastLeastUs = this.leastUs;
      this.leastUs = rttUs;
    } else if (rttUs < this.leastUs) this.leastUs = rttUs;
  }

  isStanding(state: BbrState): boolean {
    return this.exceeds(state, DELAY_FRACTION);
  }

  /** As only a sender with twice the BDP in flight makes it, and no late timer of a busy machine. */
  isDeep(state: BbrState): boolean {
    return this.exceeds(state, DEEP_FRACTION);
  }

  private exceeds({ minRttUs, jitterUs }: BbrState, fraction: number): boolean {
    const floorUs = minRttUs + Math.max(minRttUs * fraction, MIN_DELAY_US, jitterUs * JITTER_FRACTION);
    return minRttUs > 0 && Math.min(this.lastLeastUs, this.leastUs) > floorUs;
  }
}
