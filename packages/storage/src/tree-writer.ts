import type { BlockRun, ManifestEntry } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { Blake3 } from './digest.ts';
import type { FileSystem } from './file-system.ts';
import type { OverwriteMode, SkipRule } from './overwrite-mode.ts';
import type { OwnerIds } from './permissions.ts';
import type { PathOf } from './record-path.ts';
import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { TargetWriter } from './target-writer.ts';
import { VerifyingWriter } from './verifying-writer.ts';
import type { WriterProgress } from './writer-progress.ts';

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
  /** Default 'partfile-always'. */
  overwrite?: OverwriteMode;
  /** Default 'by-status'. */
  skip?: SkipRule;
  /** Gives modes, and owners and groups where that is allowed, as entries have them. Default false. */
  preserve?: boolean;
  /** How owners of other machines are found here; default: by what the system and this thread can do. */
  owners?: OwnerIds;
  /** Writes nothing: compares what stands there with what the sender offers. Default false. */
  verify?: boolean;
  /** Reads each file from the disk once more before it gets its name. Default false. */
  readBack?: boolean;
  /** Partial files outlive the transfer: `addEntries` asks for records, `checkpoint` gives them. Default false. */
  resumable?: boolean;
  /** Absolute path at this machine of names beneath the root, for the keys of records; default: the root is that of the system. */
  pathOf?: PathOf;
  /** Who owns the files that it makes, and so those that it goes on with; default: who runs the process. */
  uid?: number | undefined;
}

/** What the receiver has of a file, and so what the sender need not send (PROTOCOL.md §4.3). */
export interface EntryPlan {
  index: number;
  /** An older version stands there: the sender offers the digests of chunks before their content. */
  digestsFirst: boolean;
  /** Chunks that are there: in turn, how many are not and how many are. */
  have: readonly number[];
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
  /** Of a file, 32 bytes (PROTOCOL.md §4.3); empty for a directory, on failure, and for a file that was skipped unread. */
  digest: Uint8Array;
  /** It was there already. */
  skipped: boolean;
  /** A record that has no use any more. */
  recordKey?: string;
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
   * @returns `lookups`: each is to be answered by `resume`, and its file waits for that
   * @throws JetStreamError `protocol-violation` or `limit-exceeded` when the whole transfer must fail (TR-2)
   */
  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[]; lookups: ResumeLookup[] };
  /** @throws JetStreamError `protocol-violation` when the number is not that of the entries that came */
  endManifest(entries: number): { sealedBlocks: BlockRun[] };
  /** Answers lookups. Call `plan` then. */
  resume(answers: readonly ResumeAnswer[]): void;
  /**
   * Decides of the next files, in block order, what is to be sent of them.
   * @param maxBytes of disk, about, that it may read for that
   * @returns `plannedBlocks`: blocks below it may be sent now; `more`: call again; `notes`: for the log
   */
  plan(maxBytes: number): {
    plans: EntryPlan[];
    plannedBlocks: number;
    results: EntryResult[];
    notes: string[];
    more: boolean;
  };
  /**
   * Takes a block's chunks: verifies and writes content, compares what is offered with what is there.
   * @param bytes content of the chunks that are sent, one after the other
   * @param digests 32 bytes for each chunk that is sent or offered
   * @param uses what is with each chunk (`ChunkUse`); undefined: all are sent
   * @returns `wantedChunks`: positions in the block to be asked for; `again`: because content disagreed (DI-2), else they were
   *   offered and are not there
   * @throws JetStreamError `protocol-violation` when block, digests or uses are not as long as the manifest makes them
   */
  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses?: Uint8Array | undefined,
  ): { wantedChunks: number[]; again: boolean; results: EntryResult[] };
  /**
   * Takes chunks that are holes at the source.
   * @throws JetStreamError `protocol-violation` for what the manifest does not have
   */
  addHoles(index: number, firstChunk: number, chunks: number): { results: EntryResult[] };
  /** The sender cannot send this file (any more). No results when it already has one. */
  failEntry(index: number, code: ErrorCode, message: string): EntryResult[];
  /**
   * Makes complete files durable, then names them, then makes the names and new directories durable.
   * @param maxFiles default all
   * @returns `requests`: chunks that were read back and found wrong, to be sent once more
   */
  commitReady(maxFiles?: number): {
    results: EntryResult[];
    requests: { block: number; chunks: number[] }[];
  };
  /**
   * Makes durable what was written so far.
   * @returns what is to be recorded of it, and how many bytes in all are durable and can be gone on from once that is saved
   */
  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number };
  /**
   * After every entry has its result: sets the times of directories. Only `removeDead` may follow.
   * @returns also the partial files that may be removed, if no record has them
   */
  finish(): WriterProgress & { deadPartials: DeadPartial[] };
  removeDead(partials: readonly DeadPartial[]): void;
  /** Ends early: keeps what a later transfer can go on from, removes the rest. The writer is of no more use. */
  suspend(): ResumeUpdate[];
  /** Removes what is unfinished. The writer is of no more use. */
  abort(): void;
}

/** @throws JetStreamError `invalid-argument` for a transfer id of another form */
export function createTreeWriter(options: TreeWriterOptions): TreeWriter {
  if (!/^[A-Za-z0-9]{1,32}$/.test(options.transferId)) {
    throw new JetStreamError('invalid-argument', 'a transfer id has 1 to 32 letters and digits');
  }
  return options.verify ? new VerifyingWriter(options) : new TargetWriter(options);
}
