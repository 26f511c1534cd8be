/** Time as a thing that is given, so that tests own it. */
export interface Clock {
  /** Milliseconds, never stepping back. */
  nowMs(): number;
  /** Runs something once, after at least that time. @returns takes it back; does nothing when it has run */
  after(delayMs: number, run: () => void): () => void;
}

/** The process's own; it goes on when the wall clock is set. */
export const PROCESS_CLOCK: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
