import type { Bbr } from '../bbr/bbr.ts';
import type { BbrState, Phase } from '../bbr/state.ts';
import { type PathOptions, type PathSimulation, simulatePath } from './path.ts';

/** A path with one flow of BBR (and perhaps rivals), to be run from phase to phase. */
export interface BbrPath extends PathSimulation {
  bbr: Bbr;
  /** The model as it is now. */
  readonly state: BbrState;
  /** Runs until a phase is entered. @returns the time in seconds, or Infinity when it is not */
  runUntil(phase: Phase, limitSeconds?: number): number;
  /** Runs until a phase is left. @returns likewise */
  runWhile(phase: Phase, limitSeconds?: number): number;
  runFor(seconds: number): void;
}

const STEP_US = 500;

/** 20 Mbit/s and 50 ms unless something else is said. */
export function bbrPath(options: Partial<PathOptions> = {}): BbrPath {
  const path = simulatePath({ mbitPerSecond: 20, rttMs: 50, ...options });
  const { simulation } = path;
  const bbr = path.sender.controller as Bbr;
  const runTo = (reached: () => boolean, limitSeconds: number): number => {
    const limitUs = simulation.nowUs + limitSeconds * 1e6;
    while (!reached() && simulation.nowUs < limitUs) simulation.run(simulation.nowUs + STEP_US);
    return reached() ? simulation.nowUs / 1e6 : Number.POSITIVE_INFINITY;
  };
  return {
    ...path,
    bbr,
    get state() {
      return bbr.state;
    },
    runUntil: (phase, limitSeconds = 30) => runTo(() => bbr.state.phase === phase, limitSeconds),
    runWhile: (phase, limitSeconds = 30) => runTo(() => bbr.state.phase !== phase, limitSeconds),
    runFor: (seconds) => simulation.run(simulation.nowUs + seconds * 1e6),
  };
}

/** An application that produces at a rate, and from some time on without end. */
export function producing(
  mbitPerSecond: number,
  untilSeconds: number = Number.POSITIVE_INFINITY,
): Pick<PathOptions, 'sender'> {
  return {
    sender: () => ({
      producedBytes: (nowUs) => (nowUs < untilSeconds * 1e6 ? (nowUs * mbitPerSecond) / 8 : 1e15),
    }),
  };
}
