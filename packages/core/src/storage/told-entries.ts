import {
  decodeTransferMessage,
  EntryKind,
  encodeTransferMessage,
  errorCodeFromWire,
  JetStreamError,
  type ManifestBatch,
} from '@jetstream/protocol';
import type { ReaderBatch, TreeReader } from '@jetstream/storage';
import { addOutcome, type FileOutcomes, noOutcomes } from '../content/file-outcomes.ts';
import { manifestMessages } from '../content/manifest-messages.ts';

/** What was found of a tree, ready to be told. */
export type ToldBatch = Omit<ReaderBatch, 'firstIndex' | 'entries'> & {
  /** ManifestBatch messages, encoded. */
  messages: Uint8Array[];
};

export function tellBatch({ firstIndex, entries, ...batch }: ReaderBatch): ToldBatch {
  const messages = [...manifestMessages(firstIndex, entries)].map((body) => encodeTransferMessage({ body }));
  return { ...batch, messages };
}

/** What a batch of the manifest holds. */
export interface BatchCounts {
  files: number;
  directories: number;
  bytes: number;
}

/**
 * @param message a ManifestBatch
 * @throws JetStreamError `protocol-violation` when it cannot be parsed (ST-3)
 */
export function readBatch(message: Uint8Array): ManifestBatch {
  const { body } = decodeTransferMessage(message);
  if (body.$case !== 'manifestBatch') throw new JetStreamError('internal', `no batch, but ${body.$case}`);
  return body.value;
}

export function countsOf({ entries }: ManifestBatch): BatchCounts {
  const counts: BatchCounts = { files: 0, directories: 0, bytes: 0 };
  for (const { kind, size } of entries) {
    if (kind === EntryKind.DIRECTORY) counts.directories++;
    else counts.files++;
    counts.bytes += size;
  }
  return counts;
}

/** Entries that have their results now. */
export interface SettledEntries {
  entries: number;
  outcomes: FileOutcomes;
}

/**
 * Settles what the receiver answered for.
 * @param told an EntryResults
 * @throws JetStreamError `protocol-violation` when it cannot be parsed (ST-3), or answers what nobody asked (TR-3)
 */
export function settleEntries(reader: TreeReader, told: Uint8Array): SettledEntries {
  const { body } = decodeTransferMessage(told);
  if (body.$case !== 'entryResults') throw new JetStreamError('internal', `no results, but ${body.$case}`);
  const { results } = body.value;
  const outcomes = noOutcomes();
  for (const { index, errorCode, message, skipped, digest } of results) {
    const entry = reader.entrySettled(index);
    if (entry === undefined) {
      throw new JetStreamError(
        'protocol-violation',
        'the receiver answered for an entry twice or for one that is not there',
      );
    }
    const code = errorCodeFromWire(errorCode);
    if (entry.kind === 'file' || code !== 'none') {
      const { source, target, bytes } = entry;
      addOutcome(outcomes, source, target, bytes, skipped, digest, code, message);
    }
  }
  return { entries: results.length, outcomes };
}
