import { type Clock, PROCESS_CLOCK } from '../clock.ts';

const TIMES = 20;

/** A second of it is a twentieth of one: what is waited for long in life is not in a test. */
export const HURRIED_CLOCK: Clock = {
  nowMs: () => PROCESS_CLOCK.nowMs() * TIMES,
  after: (delayMs, run) => PROCESS_CLOCK.after(delayMs / TIMES, run),
};
