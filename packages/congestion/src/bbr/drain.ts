import { DEFAULT_CWND_GAIN, DRAIN_MAX_ROUNDS } from './parameters.ts';
import { enterProbeBw } from './probe-bw-transitions.ts';
import type { BbrState } from './state.ts';

/** Empties the queue that Startup built (draft §5.3.2). */
export function enterDrain(state: BbrState): void {
  state.phase = 'drain';
  state.cwndGain = DEFAULT_CWND_GAIN;
  state.drainStartRound = state.round.count;
}

export function checkDrainDone(state: BbrState): void {
  if (state.phase !== 'drain') return;
  const drained = state.bytesInFlight <= state.inflight(state.bw, 1);
  if (drained || state.round.count > state.drainStartRound + DRAIN_MAX_ROUNDS) enterProbeBw(state);
}
