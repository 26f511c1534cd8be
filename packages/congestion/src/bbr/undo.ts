import { resetFullBw } from './full-pipe.ts';
import { startProbeBwRefill } from './probe-bw-transitions.ts';
import { enterStartup } from './startup.ts';
import type { BbrState } from './state.ts';

/** Remembers the last good window before loss or ProbeRTT shrinks it (draft §5.6.4.4). */
export function saveCwnd(state: BbrState): void {
  state.priorCwnd =
    state.isLossInRound || state.phase === 'probe-rtt' ? Math.max(state.priorCwnd, state.cwnd) : state.cwnd;
}

export function restoreCwnd(state: BbrState): void {
  state.cwnd = Math.max(state.cwnd, state.priorCwnd);
}

/**
 * A loss or CE mark was seen (draft §5.5.10.2, NoteLoss). An episode, to be undone as a whole, is what is lost until all that was
 * in flight at its first loss is settled; a change of phase in between does not begin another.
 */
export function noteLoss(state: BbrState): void {
  if (!state.isLossInRound) state.lossRoundDelivered = state.deliveredBytes;
  if (state.deliveredBytes >= state.episodeUntilBytes) saveStateUponLoss(state);
  state.isLossInRound = true;
}

function saveStateUponLoss(state: BbrState): void {
  saveCwnd(state);
  state.undoPhase = 'none';
  state.undoBwShortterm = state.bwShortterm;
  state.undoInflightShortterm = state.inflightShortterm;
  state.undoInflightLongterm = state.inflightLongterm;
  state.episodeUntilBytes = state.deliveredBytes + Math.max(state.bytesInFlight, state.minPipeCwnd);
  state.episodeLostBytes = 0;
  state.episodeSpuriousBytes = 0;
}

/** Every loss of an episode turned out to be none (draft §5.5.11.2). */
export function handleSpuriousLoss(state: BbrState): void {
  restoreCwnd(state);
  state.isLossInRound = false;
  resetFullBw(state, 0);
  state.bwShortterm = Math.max(state.bwShortterm, state.undoBwShortterm);
  state.inflightShortterm = Math.max(state.inflightShortterm, state.undoInflightShortterm);
  state.inflightLongterm = Math.max(state.inflightLongterm, state.undoInflightLongterm);
  if (state.undoPhase === 'startup' && state.phase !== 'startup') {
    state.fullBwReached = false;
    if (state.phase !== 'probe-rtt') enterStartup(state);
  } else if (
    state.undoPhase === 'probe-bw-up' &&
    state.phase !== 'probe-bw-up' &&
    state.phase !== 'probe-rtt'
  )
    startProbeBwRefill(state);
  state.undoPhase = 'none';
}
