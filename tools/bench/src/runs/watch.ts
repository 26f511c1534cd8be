import type { Running } from '../processes/running.ts';

const INTERVAL_MS = 100;

/** Looks at both ends while a copy runs. */
export function watch(ends: readonly Running[]): { stop(): void } {
  const look = (): void => {
    for (const end of ends) end.look();
  };
  const timer = setInterval(look, INTERVAL_MS);
  look();
  return { stop: () => clearInterval(timer) };
}
