import type { AckSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { enterDrain } from './drain.ts';
import { DEFAULT_CWND_GAIN, STARTUP_FULL_LOSS_COUNT } from './parameters.ts';
import type { PathCapacity } from './path-capacity.ts';
import { enterProbeBw, startProbeBwUp } from './probe-bw-transitions.ts';
import type { BbrState } from './state.ts';

/** The link is in use when so much of its capacity is delivered; when a queue shows as well, a little less will do. */
const CAPACITY_REACHED = 0.95;
const CAPACITY_REACHED_WITH_QUEUE = 0.8;
/** A queue that begins, too small for the queue detector. */
const FIRST_QUEUE = 1 / 16;

/** Doubles the rate each round until the pipe is full (draft §5.3.1). */
export function enterStartup(state: BbrState): void {
  state.phase = 'startup';
  state.cwndGain = DEFAULT_CWND_GAIN;
}

export function checkStartupDone(
  state: BbrState,
  gate: DelayGatedLoss,
  sample: AckSample,
  capacity: PathCapacity,
): void {
  if (state.phase !== 'startup') return;
  checkStartupHighLoss(state, gate, sample);
  if (capacity.isConfirmed) checkCapacityReached(state, gate, sample, capacity);
  if (state.fullBwReached && state.phase === 'startup') enterDrain(state);
}

/** Leaves Startup on loss that lasted a round, exceeds the threshold and is spread, if it counts (draft §5.3.1.3). */
function checkStartupHighLoss(state: BbrState, gate: DelayGatedLoss, sample: AckSample): void {
  if (!state.lossRoundStart) return;
  const spread = state.lossRangesInRound >= STARTUP_FULL_LOSS_COUNT;
  state.lossRangesInRound = 0;
  if (state.fullBwReached || !spread) return;
  if (!gate.isInflightTooHigh(state, sample)) return;
  state.undoPhase = 'startup';
  state.fullBwReached = true;
  state.fullBwNow = true;
  state.inflightLongterm = Math.max(state.bdp(state.bw, 1), state.inflightLatest);
}

/**
 * Ours: where packet trains have told the link's rate, Startup is over once that is delivered, and not after three rounds without
 * growth in a full queue. Without a queue there is nothing to drain; and as trains may have met a pause and shown too little, the
 * first probe follows at once where no queue says that this is all.
 */
function checkCapacityReached(
  state: BbrState,
  gate: DelayGatedLoss,
  sample: AckSample,
  { lowRate, highRate }: PathCapacity,
): void {
  if (state.maxBw > CAPACITY_REACHED_WITH_QUEUE * lowRate && gate.isQueueStanding(state)) {
    state.fullBwReached = true;
    return;
  }
  if (state.maxBw < (CAPACITY_REACHED * (lowRate + highRate)) / 2) return;
  state.fullBwReached = true;
  // ACKs of trains come together by our own doing.
  state.extraAckedFilter.reset();
  if (sample.rttUs > state.minRttUs * (1 + FIRST_QUEUE)) enterProbeBw(state);
  else {
    state.isBwProbeSample = true;
    startProbeBwUp(state, sample.deliveryRate);
  }
}
