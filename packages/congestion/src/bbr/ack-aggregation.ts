import type { AckSample } from '../controller.ts';
import type { BbrState } from './state.ts';

/** Estimates by how much ACKs bunch up (`BBR.extra_acked`, draft §5.5.9): that much more must be in flight. */
export function updateAckAggregation(state: BbrState, sample: AckSample): void {
  const intervalUs = Math.max(0, state.nowUs - state.extraAckedIntervalStartUs);
  let expectedDelivered = (state.bw * intervalUs) / 1e6;
  if (state.extraAckedDelivered <= expectedDelivered) {
    state.extraAckedDelivered = 0;
    state.extraAckedIntervalStartUs = state.nowUs;
    expectedDelivered = 0;
  }
  state.extraAckedDelivered += sample.ackedBytes;
  const extra = Math.min(Math.max(0, state.extraAckedDelivered - expectedDelivered), state.cwnd);
  // In Startup only the current round is remembered.
  if (!state.fullBwReached && state.round.started) state.extraAckedFilter.reset();
  state.extraAckedFilter.update(extra, state.round.count);
}
