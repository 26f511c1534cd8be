import { FLOAT_ZERO } from '@jetstream/protocol';
import type { BbrState } from './state.ts';

/** A rate is sustained when it was delivered over so many round trips and at least so long. */
const ROUND_TRIPS = 4;
const MIN_WINDOW_US = 250_000;

/**
 * What the path delivered over some round trips on end in which there was always more to send: the rate worth remembering. The
 * model's own is the best of some seconds, and was perhaps another's share.
 */
export class SustainedRate {
  /** Of the latest whole window, bytes per second; 0 before. */
  bytesPerSecond = 0;
  private startUs = FLOAT_ZERO;
  private startDelivered = FLOAT_ZERO;
  private measuring = false;

  /** In the model of the ACK in hand. */
  onAck(state: BbrState): void {
    if (!state.isInProbeBw || state.sampleLimited) {
      this.measuring = false;
      return;
    }
    const windowUs = state.nowUs - this.startUs;
    if (this.measuring && windowUs < Math.max(ROUND_TRIPS * state.minRttUs, MIN_WINDOW_US)) return;
    if (this.measuring) this.bytesPerSecond = ((state.deliveredBytes - this.startDelivered) * 1e6) / windowUs;
    this.measuring = true;
    this.startUs = state.nowUs;
    this.startDelivered = state.deliveredBytes;
  }
}
