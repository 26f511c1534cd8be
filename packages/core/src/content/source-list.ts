import type { ScanProblem } from '@jetstream/manifest';
import type { ListedSource } from '@jetstream/storage';

/** What is to be sent, as an earlier scan found it, a page at a time. */
export interface SourceList {
  /** @throws JetStreamError when it cannot be read: the transfer fails */
  next(): Promise<SourcePage>;
}

export interface SourcePage {
  sources: readonly ListedSource[];
  /** What could not be sent even then. */
  problems: readonly ScanProblem[];
  isLast: boolean;
}
