import type { AckSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { enterDrain } from './drain.ts';
import { DEFAULT_CWND_GAIN, STARTUP_FULL_LOSS_COUNT } from './parameters.ts';
import type { BbrState } from './state.ts';

/** Doubles the rate each round until the pipe is full (draft §5.3.1). */
export function enterStartup(state: BbrState): void {
  state.phase = 'startup';
  state.cwndGain = DEFAULT_CWND_GAIN;
}

export function checkStartupDone(state: BbrState, gate: DelayGatedLoss, sample: AckSample): void {
  if (state.phase !== 'startup') return;
  checkStartupHighLoss(state, gate, sample);
  if (state.fullBwReached) enterDrain(state);
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
