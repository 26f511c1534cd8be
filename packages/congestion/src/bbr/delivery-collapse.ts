import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from '../controller.ts';
import { MIN_WINDOW_US } from './queue-detector.ts';
import type { BbrState } from './state.ts';

/** The part of the model's rate below which the model is wrong. */
const COLLAPSE = 0.7;
const INTERVALS = 3;
const MIN_INTERVAL_DATAGRAMS = 16;

/**
 * The other half of our change: a queue without loss counts too. When for three min_rtt on end a queue stands (or much is lost)
 * and the path delivers well below the model, the link became slower and the model's rate is forgotten at once; the draft waits
 * for two probing cycles, seconds in which a deep buffer stays full. Measured by the clock, as a packet-timed round grows with
 * the very queue. Once only until the queue is gone, and only while ACKs keep coming: a queue that does not go, or deliveries in
 * bursts, are signs of a longer path rather than a slower one.
 */
export class DeliveryCollapse {
  private startUs = FLOAT_ZERO;
  private startDelivered = FLOAT_ZERO;
  private lowIntervals = 0;
  private lastRate = FLOAT_ZERO;
  private armed = true;
  private lastAckUs = FLOAT_ZERO;

  /**
   * @param congested a queue or much loss is seen
   * @returns the rate that the path still delivers, or 0 while the model holds
   */
  onAck(state: BbrState, sample: AckSample, congested: boolean): number {
    const gapUs = sample.nowUs - this.lastAckUs;
    this.lastAckUs = sample.nowUs;
    if (!congested) this.armed = true;
    const judged = state.fullBwReached && state.phase !== 'probe-rtt' && !state.sampleLimited;
    if (!judged || !congested || !this.armed || gapUs > state.minRttUs) {
      this.restart(state, 0);
      return 0;
    }
    const intervalUs = sample.nowUs - this.startUs;
    const expected = (state.bw * intervalUs) / 1e6;
    if (
      intervalUs < Math.max(state.minRttUs, MIN_WINDOW_US) ||
      expected < MIN_INTERVAL_DATAGRAMS * state.datagramBytes
    )
      return 0;
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
