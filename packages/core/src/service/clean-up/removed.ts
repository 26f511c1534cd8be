import type { Result } from '@jetstream/api';

/** How many objects of each kind a clean-up has removed. */
export type Removed = Result<'garbageCollect'>;

export interface CleanUpTime {
  /** µs since the epoch. */
  nowUs: number;
  /** How long an ended transfer and an unused manifest are kept. */
  lifetimeUs: number;
}
