import { EntryKind, encodeTransferMessage } from '@jetstream/protocol';

/** The beginning of a manifest, of one file, as a storage worker reads it. */
export function manifestBatch(targetPath: string, size: number): Uint8Array {
  const entry = {
    kind: EntryKind.FILE,
    targetPath,
    size,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    executable: false,
    sourceInode: 1,
    permissions: undefined,
  };
  return encodeTransferMessage({
    body: { $case: 'manifestBatch', value: { firstIndex: 0, entries: [entry] } },
  });
}
