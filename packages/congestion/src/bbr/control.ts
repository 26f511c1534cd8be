import type { AckSample } from '../controller.ts';
import {
  MAX_BW,
  MAX_CWND_BYTES,
  MAX_SEND_QUANTUM_BYTES,
  PACING_MARGIN,
  SEND_QUANTUM_US,
  STARTUP_PACING_GAIN,
} from './parameters.ts';
import { inflightWithHeadroom } from './probe-bw.ts';
import { probeRttCwnd } from './probe-rtt.ts';
import type { BbrState } from './state.ts';

/** From the model to what the transport obeys (draft §5.6). */
export function updateControlParameters(state: BbrState, sample: AckSample): void {
  setPacingRateWithGain(state, state.pacingGain);
  floorPacingRate(state, sample.smoothedRttUs);
  setSendQuantum(state);
  setCwnd(state, sample.ackedBytes);
}

/** The first RTT sample replaces the guess behind the first pacing rate. */
export function initPacingRate(state: BbrState, rttUs: number): void {
  state.pacingRate = Math.min((STARTUP_PACING_GAIN * state.initialCwnd * 1e6) / rttUs, MAX_BW);
}

export function setPacingRateWithGain(state: BbrState, gain: number): void {
  const rate = gain * state.bw * (1 - PACING_MARGIN);
  if (rate > 0 && (state.fullBwReached || rate > state.pacingRate)) state.pacingRate = Math.min(rate, MAX_BW);
}

/** Half the smallest window each round trip is always allowed; without it a tiny `bw` would starve itself of samples. */
function floorPacingRate(state: BbrState, smoothedRttUs: number): void {
  if (smoothedRttUs <= 0) return;
  const floor = (state.minPipeCwnd * 0.5 * 1e6) / smoothedRttUs;
  state.pacingRate = Math.min(Math.max(state.pacingRate, floor), MAX_BW);
}

function setSendQuantum(state: BbrState): void {
  const quantum = Math.min((state.pacingRate * SEND_QUANTUM_US) / 1e6, MAX_SEND_QUANTUM_BYTES);
  state.sendQuantum = Math.max(quantum, 2 * state.datagramBytes);
}

function setCwnd(state: BbrState, ackedBytes: number): void {
  const maxInflight = state.withQuantizationBudget(
    state.bdp(state.bw, state.cwndGain * shareOfWindow(state)) + state.extraAckedFilter.max,
  );
  if (state.fullBwReached) state.cwnd = Math.min(state.cwnd + ackedBytes, maxInflight);
  else if (state.cwnd < maxInflight || state.deliveredBytes - state.startDeliveredBytes < state.initialCwnd)
    state.cwnd += ackedBytes;
  state.cwnd = Math.min(state.cwnd, cwndCap(state), MAX_CWND_BYTES);
  state.cwnd = Math.max(state.cwnd, state.minPipeCwnd);
}

/**
 * Ours: who is to have the share of two flows has half a window more. Where a deep buffer keeps a queue standing and nothing is
 * lost, shares go by windows.
 */
function shareOfWindow(state: BbrState): number {
  return state.isInProbeBw ? (1 + state.flows) / 2 : 1;
}

/** Bounds from ProbeRTT and from recent congestion. */
function cwndCap(state: BbrState): number {
  if (state.phase === 'startup') return Number.POSITIVE_INFINITY;
  const shy = state.phase === 'probe-rtt' || state.phase === 'probe-bw-cruise';
  const cap = Math.min(shy ? inflightWithHeadroom(state) : state.inflightLongterm, state.inflightShortterm);
  return state.phase === 'probe-rtt' ? Math.min(cap, probeRttCwnd(state)) : cap;
}
