import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from '../controller.ts';
import { MIN_WINDOW_US } from './queue-detector.ts';
import type { BbrState } from './state.ts';

/** So much of min_rtt is the usual spread of ACKs: delayed ACKs, and the queue of a probe. */
const USUAL = 1 / 4;
/** Smoothing of one window. */
const GAIN = 1 / 4;

/**
 * By how much packets take longer than the quickest of the same time (packet delay variation, RFC 3393). On a radio with retries that is many
 * times min_rtt, and the draft's BDP, which knows only the floor, would keep the path nearly empty. A queue is no jitter: it raises the
 * least of a window like the mean. While one is seen, nothing is learned, and a spread counts when two windows in a row have it.
 */
export class JitterEstimator {
  private windowStartUs = FLOAT_ZERO;
  private leastUs = FLOAT_ZERO;
  private ackedBytes = FLOAT_ZERO;
  private ackedByteUs = FLOAT_ZERO;
  private lastSpreadUs = FLOAT_ZERO;

  /** Of the time sampled, `rttUs` has the least (packets that were overtaken give no RTT) and `meanAckUs` the mean. */
  onAck(state: BbrState, sample: AckSample): void {
    if (sample.nowUs - this.windowStartUs >= 2 * Math.max(state.minRttUs, MIN_WINDOW_US)) {
      this.endWindow(state);
      this.windowStartUs = sample.nowUs;
    }
    if (sample.rttUs > 0 && (this.leastUs === 0 || sample.rttUs < this.leastUs)) this.leastUs = sample.rttUs;
    if (sample.meanAckUs <= 0) return;
    this.ackedBytes += sample.ackedBytes;
    this.ackedByteUs += sample.ackedBytes * sample.meanAckUs;
  }

  private endWindow(state: BbrState): void {
    const meanUs = this.ackedBytes > 0 ? this.ackedByteUs / this.ackedBytes : 0;
    const known = meanUs > 0 && this.leastUs > 0;
    const spreadUs = known ? Math.max(0, meanUs - this.leastUs - USUAL * state.minRttUs) : 0;
    state.jitterUs += GAIN * (Math.min(spreadUs, this.lastSpreadUs) - state.jitterUs);
    this.lastSpreadUs = spreadUs;
    this.leastUs = 0;
    this.ackedBytes = 0;
    this.ackedByteUs = 0;
  }
}
