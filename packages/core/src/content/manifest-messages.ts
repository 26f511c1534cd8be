import type { ManifestEntry } from '@jetstream/manifest';
import { EntryKind, type TransferMessage, type ManifestEntry as WireEntry } from '@jetstream/protocol';

/** Stays well below MAX_MESSAGE_BYTES with the longest path (4,096 bytes) added last. */
const MESSAGE_BUDGET_BYTES = 200 * 1024;
/** Everything of an entry but its texts, encoded, at most. */
const ENTRY_FIXED_BYTES = 64;

/** Cuts a batch of entries into ManifestBatch messages that each fit the message limit (ST-1). */
export function* manifestMessages(
  firstIndex: number,
  entries: readonly ManifestEntry[],
): Generator<NonNullable<TransferMessage['body']>> {
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < entries.length; at++) {
    bytes += encodedBytes(entries[at]!);
    if (bytes < MESSAGE_BUDGET_BYTES && at + 1 < entries.length) continue;
    const batch = entries.slice(from, at + 1).map(toWire);
    yield { $case: 'manifestBatch', value: { firstIndex: firstIndex + from, entries: batch } };
    from = at + 1;
    bytes = 0;
  }
}

function toWire(entry: ManifestEntry): WireEntry {
  return withKind(entry, entry.kind === 'file' ? EntryKind.FILE : EntryKind.DIRECTORY);
}

/** An entry as storage has it. */
export function fromWire(entry: WireEntry): ManifestEntry {
  return withKind(entry, entry.kind === EntryKind.FILE ? 'file' : 'directory');
}

/** Field by field: a copy of all of them but one takes ten times as long. */
function withKind<Kind>(entry: Omit<ManifestEntry, 'kind'>, kind: Kind) {
  return {
    kind,
    targetPath: entry.targetPath,
    size: entry.size,
    mtimeSeconds: entry.mtimeSeconds,
    mtimeNanoseconds: entry.mtimeNanoseconds,
    executable: entry.executable,
    sourceInode: entry.sourceInode,
    permissions: entry.permissions,
  };
}

function encodedBytes({ targetPath, permissions }: ManifestEntry): number {
  const { user = '', group = '' } = permissions ?? {};
  return (
    ENTRY_FIXED_BYTES + Buffer.byteLength(targetPath) + Buffer.byteLength(user) + Buffer.byteLength(group)
  );
}
