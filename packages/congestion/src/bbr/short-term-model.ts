import type { AckSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { BETA } from './parameters.ts';
import type { BbrState } from './state.ts';

/** The delivery of the latest round, and bounds drawn from it when not probing (draft §5.5.10.3). */
export function updateLatestDeliverySignals(state: BbrState, sample: AckSample): void {
  state.lossRoundStart = false;
  state.bwLatest = Math.max(state.bwLatest, sample.deliveryRate);
  state.inflightLatest = Math.max(state.inflightLatest, state.sampleDelivered);
  if (sample.transmitBytesInFlight > 0 && sample.priorDeliveredBytes >= state.lossRoundDelivered) {
    state.lossRoundDelivered = state.deliveredBytes;
    state.lossRoundStart = true;
  }
}

export function advanceLatestDeliverySignals(state: BbrState, sample: AckSample): void {
  if (!state.lossRoundStart) return;
  state.bwLatest = sample.deliveryRate;
  state.inflightLatest = state.sampleDelivered;
}

/** Once a round: bounds rate and volume by what was delivered, if the round's loss counts. */
export function adaptLowerBoundsFromCongestion(state: BbrState, gate: DelayGatedLoss): void {
  if (!state.lossRoundStart) return;
  if (!state.isProbingBw && state.isLossInRound && gate.counts(state)) {
    const bw = state.bwShortterm === Number.POSITIVE_INFINITY ? state.maxBw : state.bwShortterm;
    const inflight =
      state.inflightShortterm === Number.POSITIVE_INFINITY ? state.cwnd : state.inflightShortterm;
    state.bwShortterm = Math.max(state.bwLatest, BETA * bw);
    state.inflightShortterm = Math.max(state.inflightLatest, BETA * inflight);
  }
  state.isLossInRound = false;
}

export function resetShortTermModel(state: BbrState): void {
  state.bwShortterm = Number.POSITIVE_INFINITY;
  state.inflightShortterm = Number.POSITIVE_INFINITY;
}

export function resetCongestionSignals(state: BbrState): void {
  state.isLossInRound = false;
  state.bwLatest = 0;
  state.inflightLatest = 0;
}
