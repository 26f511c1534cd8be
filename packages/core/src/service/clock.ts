import { monotonicNowUs } from '../monotonic-clock.ts';

/** A time of the API is one reading of the wall clock, and from there on durations of the monotonic one. */
export interface ServiceClock {
  /** Microseconds since the Unix epoch, UTC: an integer. May step when somebody sets the clock. */
  wallUs(): number;
  /** Microseconds since some moment of this process, never stepping back. */
  monotonicUs(): number;
}

export const SERVICE_CLOCK: ServiceClock = {
  wallUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  monotonicUs: monotonicNowUs,
};
