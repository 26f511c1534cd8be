import { resetFullBw } from './full-pipe.ts';
import {
  DEFAULT_CWND_GAIN,
  PROBE_UP_CWND_GAIN,
  PROBE_WAIT_BASE_US,
  PROBE_WAIT_JITTER_US,
} from './parameters.ts';
import { resetCongestionSignals, resetShortTermModel } from './short-term-model.ts';
import type { BbrState } from './state.ts';

/** After a retreat the model is that of one bad round trip. */
const EARLY_PROBE_ROUND_TRIPS = 4;

export function enterProbeBw(state: BbrState): void {
  startProbeBwDown(state);
}

export function startProbeBwDown(state: BbrState): void {
  resetCongestionSignals(state);
  state.drainsAgain = false;
  state.probeUpAckedPerInc = 0;
  // When to probe next: a random time so that flows do not probe together.
  state.roundsSinceProbeUp = state.random() < 0.5 ? 0 : 1;
  state.bwProbeWaitUs = PROBE_WAIT_BASE_US + state.random() * PROBE_WAIT_JITTER_US;
  if (state.probesSoon) state.bwProbeWaitUs = EARLY_PROBE_ROUND_TRIPS * state.minRttUs;
  state.probesSoon = false;
  state.cycleStampUs = state.nowUs;
  state.ackPhase = 'probe-stopping';
  state.startRound();
  state.cwndGain = DEFAULT_CWND_GAIN;
  state.phase = 'probe-bw-down';
}

export function startProbeBwCruise(state: BbrState): void {
  state.phase = 'probe-bw-cruise';
}

export function startProbeBwRefill(state: BbrState): void {
  resetShortTermModel(state);
  state.bwProbeUpRounds = 0;
  state.bwProbeUpAcked = 0;
  state.prevProbePrecautionary = false;
  state.ackPhase = 'refilling';
  state.startRound();
  state.cwndGain = DEFAULT_CWND_GAIN;
  state.phase = 'probe-bw-refill';
}

/** @param deliveryRate of the ACK in hand: growth is measured from here */
export function startProbeBwUp(state: BbrState, deliveryRate: number): void {
  state.ackPhase = 'probe-starting';
  state.startRound();
  resetFullBw(state, deliveryRate);
  state.cwndGain = PROBE_UP_CWND_GAIN;
  state.phase = 'probe-bw-up';
  state.upStampUs = state.nowUs;
  state.upStartInflight = state.bytesInFlight;
  raiseInflightLongtermSlope(state);
}

/** In each round of ProbeBW_UP `inflightLongterm` grows by twice as many datagrams as in the one before. */
export function raiseInflightLongtermSlope(state: BbrState): void {
  const growthThisRound = 2 ** state.bwProbeUpRounds;
  state.bwProbeUpRounds = Math.min(state.bwProbeUpRounds + 1, 30);
  state.probeUpAckedPerInc = Math.max(state.cwnd / growthThisRound, state.datagramBytes);
}
