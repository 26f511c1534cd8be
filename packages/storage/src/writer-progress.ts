/** What a writer is at, when it is not simply writing. */
export type WriterActivity = 'checking' | 'syncing' | 'reading-back';

export interface WriterProgress {
  /** Content handed to the system, or there already. */
  writtenBytes: number;
  /** Of files that are done, and what records told of the others; what `checkpoint` counts besides is durable only for who saves its records. */
  durableBytes: number;
  filesDone: number;
  /** Files and directories. */
  failed: number;
  /** Part of `writtenBytes` that was there already. */
  presentBytes: number;
  activity: WriterActivity | undefined;
}

export const NO_PROGRESS: WriterProgress = {
  writtenBytes: 0,
  durableBytes: 0,
  filesDone: 0,
  failed: 0,
  presentBytes: 0,
  activity: undefined,
};
