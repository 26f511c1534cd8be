import type { AckSample, LossSample } from '../controller.ts';
import type { DelayGatedLoss } from './delay-gated-loss.ts';
import { BETA, LOSS_THRESH, MAX_CWND_BYTES } from './parameters.ts';
import { raiseInflightLongtermSlope, startProbeBwDown, startProbeBwRefill } from './probe-bw-transitions.ts';
import type { BbrState } from './state.ts';

/**
 * `inflightLongterm`: the most in flight that the path was seen to carry without too much loss (draft §5.5.10.2).
 * @returns whether it moved the state machine
 */
export function adaptLongTermModel(state: BbrState, gate: DelayGatedLoss, sample: AckSample): boolean {
  if (state.ackPhase === 'probe-starting' && state.round.started) state.ackPhase = 'probe-feedback';
  if (state.ackPhase === 'probe-stopping' && state.round.started) {
    state.isBwProbeSample = false;
    state.ackPhase = 'init';
    if (state.isInProbeBw && !state.sampleLimited) state.cycleCount++;
    if (state.isInProbeBw && state.prevProbePrecautionary && !state.prevProbeTooHigh) {
      startProbeBwRefill(state);
      return true;
    }
  }
  if (state.inflightLongterm === Number.POSITIVE_INFINITY || gate.isInflightTooHigh(state, sample))
    return false;
  state.inflightLongterm = Math.max(state.inflightLongterm, sample.transmitBytesInFlight);
  if (state.phase === 'probe-bw-up') probeInflightLongtermUpward(state, sample);
  return false;
}

/** A packet of a probe was lost: was that too much in flight? */
export function checkProbeLoss(state: BbrState, gate: DelayGatedLoss, loss: LossSample): void {
  if (state.isBwProbeSample && gate.isInflightTooHigh(state, loss))
    handleInflightTooHigh(state, inflightAtLoss(loss), loss.applicationLimited === true);
}

/** @param inflight the volume that was too much; not believed when it was application-limited */
export function handleInflightTooHigh(state: BbrState, inflight: number, applicationLimited: boolean): void {
  state.prevProbeTooHigh = true;
  state.isBwProbeSample = false;
  if (!applicationLimited) state.inflightLongterm = Math.max(inflight, state.targetInflight * BETA);
  if (state.phase === 'probe-bw-up') {
    state.undoPhase = 'probe-bw-up';
    startProbeBwDown(state);
  }
}

/** How much was in flight when losses crossed the threshold, maybe within this very packet. */
function inflightAtLoss(loss: LossSample): number {
  const inflightBefore = Math.max(0, loss.transmitBytesInFlight - loss.packetBytes);
  const lostBefore = Math.max(0, loss.lostSinceTransmitBytes - loss.packetBytes);
  const lostPrefix = (LOSS_THRESH * inflightBefore - lostBefore) / (1 - LOSS_THRESH);
  return Math.max(0, inflightBefore + lostPrefix);
}

function probeInflightLongtermUpward(state: BbrState, sample: AckSample): void {
  if (!state.isCwndLimited || state.cwnd < state.inflightLongterm || state.probeUpAckedPerInc <= 0) return;
  state.bwProbeUpAcked += sample.ackedBytes;
  if (state.bwProbeUpAcked >= state.probeUpAckedPerInc) {
    const increments = Math.floor(state.bwProbeUpAcked / state.probeUpAckedPerInc);
    state.bwProbeUpAcked -= increments * state.probeUpAckedPerInc;
    state.inflightLongterm = Math.min(
      state.inflightLongterm + increments * state.datagramBytes,
      MAX_CWND_BYTES,
    );
  }
  if (state.round.started) raiseInflightLongtermSlope(state);
}
