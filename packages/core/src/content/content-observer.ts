import type { JetStreamError } from '@jetstream/protocol';
import type { WriterActivity } from '@jetstream/storage';
import type { FileOutcome, LimiterName } from '../contract.ts';
import type { TransferTotals } from './transfer-totals.ts';

/** What a transfer's end tells of it, whichever end it is. */
export interface ContentObserver {
  onTotals(totals: TransferTotals): void;
  /** These ended, well or not. */
  onFiles(outcomes: readonly FileOutcome[]): void;
  /** Something else holds the transfer now, as the sender finds. */
  onLimiter(limiter: LimiterName | undefined): void;
  /** What the receiver has, and is at. */
  onProgress(
    writtenBytes: number,
    durableBytes: number,
    presentBytes: number,
    activity: WriterActivity | undefined,
  ): void;
  /** At a receiver: all is durable, and the sender is told once this resolves. It rejects with why the transfer fails after all. */
  beforeComplete?(): Promise<void>;
  /** Everything that could be sent is durable at the receiver. */
  onComplete(): void;
  onFailed(error: JetStreamError): void;
}
