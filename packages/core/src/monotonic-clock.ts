/** Microseconds of the process's monotonic clock; never steps back when the wall clock is set. */
export function monotonicNowUs(): number {
  return performance.now() * 1000;
}
