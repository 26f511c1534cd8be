import type { Change } from '@jetstream/state';

/** What is to be written in one with something else, and what then follows. */
export interface Draft {
  readonly changes: readonly Change[];
  /** To be called once they are durable. */
  onDurable(): void;
}
