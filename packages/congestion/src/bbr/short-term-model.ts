import type { AckSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { BETA } from './parameters.ts';
import { type BbrState, PACING_GAIN } from './state.ts';

/** Loss of so many times what the path loses anyway is more than chance. */
const EXCESS_LOSS = 2;

/** The delivery of the latest round, and bounds drawn from it when not probing (draft §5.5.10.3). */
export function updateLatestDeliverySignals(state: BbrState, sample: AckSample): void {
  noteSlowPace(state);
  state.lossRoundStart = false;
  state.bwLatest = Math.max(state.bwLatest, deliveryRateAtFullPace(state, sample));
  state.inflightLatest = Math.max(state.inflightLatest, state.sampleDelivered);
  if (sample.transmitBytesInFlight > 0 && sample.priorDeliveredBytes >= state.lossRoundDelivered) {
    state.lossRoundDelivered = state.deliveredBytes;
    state.lossRoundStart = true;
  }
}

export function advanceLatestDeliverySignals(state: BbrState, sample: AckSample): void {
  if (!state.lossRoundStart) return;
  state.bwLatest = deliveryRateAtFullPace(state, sample);
  state.inflightLatest = state.sampleDelivered;
}

/** Once a round: bounds rate and volume by what was delivered, if the round's loss counts. */
export function adaptLowerBoundsFromCongestion(state: BbrState, gate: DelayGatedLoss): void {
  if (!state.lossRoundStart) return;
  if (!state.isProbingBw && state.isLossInRound && gate.counts(state) && isLossInExcess(state, gate)) {
    const bw = state.bwShortterm === Number.POSITIVE_INFINITY ? state.maxBw : state.bwShortterm;
    const inflight =
      state.inflightShortterm === Number.POSITIVE_INFINITY ? state.cwnd : state.inflightShortterm;
    state.bwShortterm = Math.max(state.bwLatest, BETA * bw);
    state.inflightShortterm = Math.max(state.inflightLatest, BETA * inflight);
  }
  state.isLossInRound = false;
  state.lossRoundLostBytes = 0;
  state.lossRoundFromBytes = state.deliveredBytes;
}

/** Ours: what a path loses anyway, queue or none, is no reason to be slower. */
function isLossInExcess(state: BbrState, gate: DelayGatedLoss): boolean {
  const lost = state.lossRoundLostBytes;
  const delivered = Math.max(0, state.deliveredBytes - state.lossRoundFromBytes);
  return lost >= EXCESS_LOSS * gate.excusedLossRate(state) * (lost + delivered);
}

/**
 * Ours: while a queue is drained packets leave slower than the path takes them, and a round trip later they arrive as slowly. That
 * is our doing, and would be taken for the path's. Not so when cruising ran into a queue: others may have made it, and what is delivered
 * beside them is what there is.
 */
function noteSlowPace(state: BbrState): void {
  const gain = PACING_GAIN[state.phase];
  if (gain >= 1 || state.drainsAgain) return;
  state.slowGain = gain;
  state.slowUntilBytes = state.deliveredBytes + state.bytesInFlight;
}

function deliveryRateAtFullPace(state: BbrState, sample: AckSample): number {
  const { deliveryRate, priorDeliveredBytes } = sample;
  if (priorDeliveredBytes >= state.slowUntilBytes) return deliveryRate;
  return Math.max(deliveryRate, Math.min(deliveryRate / state.slowGain, state.maxBw));
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
