import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { LOSS_THRESH } from './parameters.ts';
import type { BbrState } from './state.ts';

/**
 * Ours: `bw` is what was delivered, and of what is sent at `bw` the line loses its part once more. So that much more is sent, wherever on the
 * path it is lost: up to the loss that the draft takes for no congestion, and only while nothing else is seen that looks like it.
 */
export function updateLineLoss(state: BbrState, gate: DelayGatedLoss): void {
  const isUndisturbed =
    state.fullBwReached && state.bwShortterm === Number.POSITIVE_INFINITY && !gate.isQueueStanding(state);
  state.lineLossRate = isUndisturbed ? Math.min(gate.excusedLossRate(state), LOSS_THRESH) : 0;
}
