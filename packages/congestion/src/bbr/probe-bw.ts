import type { AckSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { resetFullBw } from './full-pipe.ts';
import { adaptLongTermModel } from './long-term-model.ts';
import { HEADROOM, PROBE_UP_PACING_GAIN, RENO_COEXISTENCE_MAX_ROUNDS } from './parameters.ts';
import {
  startProbeBwCruise,
  startProbeBwDown,
  startProbeBwRefill,
  startProbeBwUp,
} from './probe-bw-transitions.ts';
import type { BbrState } from './state.ts';

/** The cycle down, cruise, refill, up (draft §5.3.3). */
export function updateProbeBwCyclePhase(state: BbrState, gate: DelayGatedLoss, sample: AckSample): void {
  if (!state.fullBwReached) return;
  if (adaptLongTermModel(state, gate, sample)) return;
  switch (state.phase) {
    case 'probe-bw-down':
      if (isTimeToProbeBw(state)) startProbeBwRefill(state);
      else if (isTimeToCruise(state)) startProbeBwCruise(state);
      break;
    case 'probe-bw-cruise':
      if (isTimeToProbeBw(state)) startProbeBwRefill(state);
      else if (gate.isQueueStanding(state) && !isTimeToCruise(state)) drainAgain(state);
      break;
    case 'probe-bw-refill':
      if (state.round.started) {
        state.isBwProbeSample = true;
        startProbeBwUp(state, sample.deliveryRate);
      }
      break;
    case 'probe-bw-up':
      if (isTimeToGoDown(state, sample)) {
        state.prevProbeTooHigh = false;
        startProbeBwDown(state);
      }
      break;
  }
}

/** The largest inflight that leaves others room at the bottleneck. Infinity when no bound is known. */
export function inflightWithHeadroom(state: BbrState): number {
  const headroom = Math.max(state.datagramBytes, (HEADROOM / state.flows) * state.inflightLongterm);
  return state.inflightLongterm === Number.POSITIVE_INFINITY
    ? state.inflightLongterm
    : Math.max(state.inflightLongterm - headroom, state.minPipeCwnd);
}

function isTimeToProbeBw(state: BbrState): boolean {
  const renoRounds = Math.min(state.targetInflight / state.datagramBytes, RENO_COEXISTENCE_MAX_ROUNDS);
  return (
    state.nowUs > state.cycleStampUs + state.bwProbeWaitUs / state.flows ||
    state.roundsSinceProbeUp >= renoRounds / state.flows
  );
}

function isTimeToCruise(state: BbrState): boolean {
  return (
    state.bytesInFlight <= inflightWithHeadroom(state) &&
    state.bytesInFlight <= state.inflight(state.maxBw, 1)
  );
}

/**
 * Ours: the largest of some thousand rate samples is above the path's rate by what clumps of ACKs and late timers make of one of them, so that
 * cruising at it builds a queue. The link stays in use while that is drained.
 */
function drainAgain(state: BbrState): void {
  state.phase = 'probe-bw-down';
  state.drainsAgain = true;
}

function isTimeToGoDown(state: BbrState, sample: AckSample): boolean {
  if (state.prevProbeTooHigh && state.bytesInFlight >= state.inflightLongterm) {
    state.prevProbePrecautionary = true;
    return true;
  }
  if (hasBuiltQueue(state)) return true;
  if (state.isCwndLimited && state.cwnd >= state.inflightLongterm) {
    resetFullBw(state, sample.deliveryRate);
    return false;
  }
  return state.fullBwNow;
}

/**
 * Ours, as in BBRv2: a quarter BDP more in flight than when the probe began has gone into a queue and need not grow. While the
 * rate still grows, so does the BDP, and the probe goes on.
 */
function hasBuiltQueue(state: BbrState): boolean {
  const extra = (PROBE_UP_PACING_GAIN - 1) * state.bdp(state.maxBw, 1);
  const probed =
    Math.max(state.inflight(state.maxBw, 1), state.upStartInflight) + extra + state.extraAckedFilter.max;
  return state.nowUs > state.upStampUs + state.minRttUs && state.bytesInFlight > probed;
}
