import type { AckSample } from '../controller.ts';
import type { BbrState } from './state.ts';

const COLLAPSE = 0.5;
const INTERVALS = 3;
const MIN_INTERVAL_DATAGRAMS = 16;

/**
 * The other half of our change: a queue without loss counts too. When the path delivers less than half the model for three
 * min_rtt in a row while a queue stands (or much is lost), the link became slower and the model's rate is forgotten at once;
 * the draft waits until two probing cycles have passed, seconds during which a deep buffer stays full. Measured by the clock,
 * as a packet-timed round grows with the very queue. Once only until the queue is gone: one that does not go is no queue but a
 * longer path.
 */
export class DeliveryCollapse {
  private startUs = 0;
  private startDelivered = 0;
  private lowIntervals = 0;
  private lastRate = 0;
  private armed = true;

  /**
   * @param congested a queue or much loss is seen
   * @returns the rate that the path still delivers, or 0 while the model holds
   */
  onAck(state: BbrState, sample: AckSample, congested: boolean): number {
    if (!congested) this.armed = true;
    const judged = state.fullBwReached && state.phase !== 'probe-rtt' && !state.sampleLimited;
    if (!judged || !congested || !this.armed) {
      this.restart(state, 0);
      return 0;
    }
    const intervalUs = sample.nowUs - this.startUs;
    const expected = (state.bw * intervalUs) / 1e6;
    if (intervalUs < state.minRttUs || expected < MIN_INTERVAL_DATAGRAMS * state.datagramBytes) return 0;
    const rate = ((state.deliveredBytes - this.startDelivered) * 1e6) / intervalUs;
    const low = rate < COLLAPSE * state.bw ? this.lowIntervals + 1 : 0;
    const delivers = Math.max(rate, this.lastRate);
    this.restart(state, low % INTERVALS);
    this.lastRate = rate;
    this.armed = low < INTERVALS;
    return low >= INTERVALS ? delivers : 0;
  }

  private restart(state: BbrState, lowIntervals: number): void {
    this.startUs = state.nowUs;
    this.startDelivered = state.deliveredBytes;
    this.lowIntervals = lowIntervals;
  }
}
