import type { AckSample } from '../controller.ts';
import type { CarefulResume } from './careful-resume.ts';
import {
  MAX_BW,
  MAX_CWND_BYTES,
  MAX_SEND_QUANTUM_BYTES,
  PACING_MARGIN,
  SEND_QUANTUM_US,
} from './parameters.ts';
import { inflightWithHeadroom } from './probe-bw.ts';
import { probeRttCwnd } from './probe-rtt.ts';
import type { BbrState } from './state.ts';

/** From the model to what the transport obeys (draft §5.6). */
export function updateControlParameters(state: BbrState, sample: AckSample, resume: CarefulResume): void {
  setPacingRateWithGain(state, state.pacingGain);
  if (state.phase === 'startup') state.pacingRate = resume.boundPacingRate(state.pacingRate);
  floorPacingRate(state, sample.smoothedRttUs);
  setSendQuantum(state);
  setCwnd(state, sample.ackedBytes, resume);
}

export function setPacingRateWithGain(state: BbrState, gain: number): void {
  const rate = (gain * state.bw * (1 - PACING_MARGIN)) / (1 - state.lineLossRate);
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

function setCwnd(state: BbrState, ackedBytes: number, resume: CarefulResume): void {
  const maxInflight = state.withQuantizationBudget(
    state.bdp(state.bw, state.cwndGain * shareOfWindow(state)) + state.extraAckedFilter.max,
  );
  if (state.fullBwReached) state.cwnd = Math.min(state.cwnd + ackedBytes, maxInflight);
  else if (resume.mayGrow ?? (state.cwnd < maxInflight || isFirstWindow(state)))
    state.cwnd = Math.min(state.cwnd + ackedBytes, resume.maxWindow(state));
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

/** Nothing is known of the path before the first window was delivered. */
function isFirstWindow(state: BbrState): boolean {
  return state.deliveredBytes - state.startDeliveredBytes < state.initialCwnd;
}

/** Bounds from ProbeRTT and from recent congestion. */
function cwndCap(state: BbrState): number {
  if (state.phase === 'startup') return Number.POSITIVE_INFINITY;
  const shy = state.phase === 'probe-rtt' || state.phase === 'probe-bw-cruise';
  const cap = Math.min(shy ? inflightWithHeadroom(state) : state.inflightLongterm, state.inflightShortterm);
  return state.phase === 'probe-rtt' ? Math.min(cap, probeRttCwnd(state)) : cap;
}
