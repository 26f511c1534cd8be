import type { TransferMessage } from '@jetstream/protocol';
import { EntryKind } from '@jetstream/protocol';
import type { SourceEntry } from '../storage/storage-operations.ts';

/** Stays well below MAX_MESSAGE_BYTES with the longest path (4,096 characters of up to 3 bytes) added last. */
const MESSAGE_BUDGET_BYTES = 200 * 1024;
/** Everything of an entry but its path, encoded, at most. */
const ENTRY_FIXED_BYTES = 48;

/** Cuts a batch of entries into ManifestBatch messages that each fit the message limit (ST-1). */
export function* manifestMessages(entries: readonly SourceEntry[]): Generator<NonNullable<TransferMessage['body']>> {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < entries.length; at++) {
    bytes += ENTRY_FIXED_BYTES + 3 * entries[at]!.targetPath.length;
    if (bytes < MESSAGE_BUDGET_BYTES && at + 1 < entries.length) continue;
    yield { $case: 'manifestBatch', value: { firstIndex: entries[from]!.index, entries: entries.slice(from, at + 1).map(toWire) } };
    from = at + 1;
    bytes = 0;
  }
}

function toWire(entry: SourceEntry) {
  return {
    kind: entry.kind === 'file' ? EntryKind.FILE : EntryKind.DIRECTORY,
    targetPath: entry.targetPath,
    size: entry.size,
    mtimeSeconds: entry.mtimeSeconds,
    mtimeNanoseconds: entry.mtimeNanoseconds,
    executable: entry.executable,
  };
}
