import type { AckSample } from '../controller.ts';
import {
  MIN_RTT_FILTER_LEN_US,
  PROBE_RTT_CWND_GAIN,
  PROBE_RTT_DURATION_US,
  PROBE_RTT_INTERVAL_US,
  PROBE_RTT_TOLERANCE,
} from './parameters.ts';
import { startProbeBwCruise, startProbeBwDown } from './probe-bw-transitions.ts';
import { resetShortTermModel } from './short-term-model.ts';
import { enterStartup } from './startup.ts';
import type { BbrState } from './state.ts';
import { restoreCwnd, saveCwnd } from './undo.ts';

/** Keeps the windowed minimum of the RTT and says when it needs a fresh look (draft §5.3.4.3). */
export function updateMinRtt(state: BbrState, sample: AckSample): void {
  const { nowUs } = state;
  const rttUs = sample.rttUs;
  // Nothing is too old before there is anything: a clock tells any time when a connection begins.
  state.probeRttExpired =
    state.probeRttMinDelayUs > 0 && nowUs > state.probeRttMinStampUs + PROBE_RTT_INTERVAL_US;
  if (rttUs > 0) {
    if (state.probeRttMinDelayUs === 0 || rttUs < state.probeRttMinDelayUs || state.probeRttExpired) {
      state.probeRttMinDelayUs = rttUs;
      state.probeRttMinStampUs = nowUs;
    } else if (rttUs <= state.probeRttMinDelayUs * (1 + PROBE_RTT_TOLERANCE))
      state.probeRttMinStampUs = nowUs;
  }
  const minRttExpired = nowUs > state.minRttStampUs + MIN_RTT_FILTER_LEN_US;
  if (state.probeRttMinDelayUs === 0) return;
  if (state.minRttUs === 0 || state.probeRttMinDelayUs < state.minRttUs || minRttExpired) {
    state.minRttUs = state.probeRttMinDelayUs;
    state.minRttStampUs = state.probeRttMinStampUs;
  }
}

/** Now and then sends little, so that the queue drains and the RTT's floor shows (draft §5.3.4). */
export function checkProbeRtt(state: BbrState): void {
  if (state.phase !== 'probe-rtt' && state.probeRttExpired && !state.idleRestart) {
    state.phase = 'probe-rtt';
    state.cwndGain = PROBE_RTT_CWND_GAIN;
    saveCwnd(state);
    state.probeRttDoneStampUs = 0;
    state.ackPhase = 'probe-stopping';
    state.startRound();
    state.probeRttFromBytes = state.deliveredBytes;
  }
  if (state.phase === 'probe-rtt') handleProbeRtt(state);
  if (state.sampleDelivered > 0) state.idleRestart = false;
}

/** The window of ProbeRTT. */
export function probeRttCwnd(state: BbrState): number {
  return Math.max(state.bdp(state.bw, PROBE_RTT_CWND_GAIN), state.minPipeCwnd);
}

export function checkProbeRttDone(state: BbrState): void {
  if (state.probeRttDoneStampUs === 0 || state.nowUs <= state.probeRttDoneStampUs) return;
  state.probeRttMinStampUs = state.nowUs;
  restoreCwnd(state);
  resetShortTermModel(state);
  if (state.fullBwReached) {
    startProbeBwDown(state);
    startProbeBwCruise(state);
  } else enterStartup(state);
}

function handleProbeRtt(state: BbrState): void {
  // Low rates measured now say nothing about the path.
  state.probeRttUntilBytes = state.deliveredBytes + state.bytesInFlight;
  if (state.probeRttDoneStampUs === 0) {
    if (state.bytesInFlight > probeRttCwnd(state)) return;
    state.probeRttDoneStampUs = state.nowUs + PROBE_RTT_DURATION_US;
    state.probeRttRoundDone = false;
    state.startRound();
    return;
  }
  if (state.round.started) state.probeRttRoundDone = true;
  if (state.probeRttRoundDone) checkProbeRttDone(state);
}
