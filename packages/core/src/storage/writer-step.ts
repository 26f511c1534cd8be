import { encodeTransferMessage } from '@jetstream/protocol';
import type { EntryResult, TreeWriter, WriterProgress } from '@jetstream/storage';
import { addOutcome, type FileOutcomes, noOutcomes } from '../content/file-outcomes.ts';
import { resultMessages } from '../content/result-messages.ts';

/** What came of a call of a writer, beside what it was made for. */
export interface WriterStep {
  /** EntryResults messages, encoded: the main thread has no work with single entries. */
  results: Uint8Array[];
  /** Of files, and of directories that failed; sources are empty. */
  outcomes: FileOutcomes;
  /** Of records that have no use any more. */
  recordKeys: string[];
  progress: WriterProgress;
  /** Entries that wait for `commitReady`. */
  readyEntries: number;
  /** The manifest has ended and every entry has its result. */
  settled: boolean;
}

export function writerStep(
  { progress, readyEntries, settled }: TreeWriter,
  results: readonly EntryResult[],
): WriterStep {
  const outcomes = noOutcomes();
  const recordKeys: string[] = [];
  for (const result of results) {
    if (result.recordKey !== undefined) recordKeys.push(result.recordKey);
    if (result.kind === 'file' || result.code !== 'none') {
      const { target, bytes, skipped, digest, code, message } = result;
      addOutcome(outcomes, '', target, bytes, skipped, digest, code, message);
    }
  }
  const messages = [...resultMessages(results)].map((body) => encodeTransferMessage({ body }));
  return { results: messages, outcomes, recordKeys, progress: { ...progress }, readyEntries, settled };
}
