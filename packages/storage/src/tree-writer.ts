import type { BlockRun, ManifestEntry } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { Blake3 } from './digest.ts';
import type { FileSystem } from './file-system.ts';
import { TargetWriter } from './target-writer.ts';

export interface TreeWriterOptions {
  fileSystem: FileSystem;
  blake3: Blake3;
  /** The path rule: from an entry's target path to names beneath the file system's root; throws what it refuses. */
  resolve: (targetPath: string) => string[];
  /** 1 to 32 ASCII letters and digits; of no other transfer into the same root, also no earlier one: it names partial files. */
  transferId: string;
  /** Entries that a manifest may have. */
  maxEntries: number;
  /** Descriptors kept open; default 32. */
  maxOpenHandles?: number;
  /** Default: that of the process. */
  umask?: number;
}

/** What became of an entry: every entry gets exactly one (TR-3). */
export interface EntryResult {
  index: number;
  kind: ManifestEntry['kind'];
  /** `none`: it is durable under its final name. */
  code: ErrorCode;
  message: string;
  /** Path beneath the root, not escaped; of a refused target, what the sender gave. */
  target: string;
  bytes: number;
  /** Of a file, 32 bytes (PROTOCOL.md §4.3); empty for a directory and on failure. */
  digest: Uint8Array;
}

export interface WriterProgress {
  /** Content handed to the system, and content of files that are done. */
  writtenBytes: number;
  durableBytes: number;
  filesDone: number;
  /** Files and directories. */
  failed: number;
}

/** The receiver's side of a transfer's files: makes, writes, verifies and names them. */
export interface TreeWriter {
  readonly progress: Readonly<WriterProgress>;
  /** Entries that wait for `commitReady`. */
  readonly readyEntries: number;
  /** The manifest has ended and every entry has its result. */
  readonly settled: boolean;
  /**
   * Takes the next entries and makes their directories.
   * @throws JetStreamError `protocol-violation` or `limit-exceeded` when the whole transfer must fail (TR-2)
   */
  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[] };
  /** @throws JetStreamError `protocol-violation` when the number is not that of the entries that came */
  endManifest(entries: number): { sealedBlocks: BlockRun[] };
  /**
   * Verifies and writes a sealed block.
   * @param digests 32 bytes for each chunk
   * @returns `mismatch`: ask for the block once more (DI-2); what was good is kept
   * @throws JetStreamError `protocol-violation` when block or digests are not as long as the manifest makes them
   */
  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
  ): { mismatch: boolean; results: EntryResult[] };
  /** The sender cannot send this file (any more). No results when it already has one. */
  failEntry(index: number, code: ErrorCode, message: string): EntryResult[];
  /**
   * Makes complete files durable, then names them, then makes the names and new directories durable.
   * @param maxFiles default all
   */
  commitReady(maxFiles?: number): EntryResult[];
  /** After every entry has its result: sets the times of directories. The writer is of no more use. */
  finish(): WriterProgress;
  /** Removes what is unfinished. The writer is of no more use. */
  abort(): void;
}

/** @throws JetStreamError `invalid-argument` for a transfer id of another form */
export function createTreeWriter(options: TreeWriterOptions): TreeWriter {
  if (!/^[A-Za-z0-9]{1,32}$/.test(options.transferId)) {
    throw new JetStreamError('invalid-argument', 'a transfer id has 1 to 32 letters and digits');
  }
  return new TargetWriter(options);
}
