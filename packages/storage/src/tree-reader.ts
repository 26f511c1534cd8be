import type { BlockRun, FileMapping, ManifestEntry, ScanProblem } from '@jetstream/manifest';
import type { ErrorCode } from '@jetstream/protocol';
import type { Blake3 } from './digest.ts';
import type { FileSystem } from './file-system.ts';
import type { ListedSource } from './listed-sources.ts';
import { SourceTree } from './source-tree.ts';
import type { EntryPlan } from './tree-writer.ts';

export interface TreeReaderOptions {
  fileSystem: FileSystem;
  blake3: Blake3;
  /** Sources are paths beneath the file system's root; `..` in them is refused: a local path is made absolute first. */
  mappings: readonly FileMapping[];
  /** What to do with symlinks found in directories; a source that is itself one is always followed. */
  symlinks: 'follow' | 'ignore';
  /** Offers digests only, never content. Default false. */
  verify?: boolean;
  /** Entries have their permissions. Default false. */
  preserve?: boolean;
  /** Descriptors kept open; default 32. */
  maxOpenHandles?: number;
}

export interface ReaderBatch {
  /** Index of the first entry in the manifest. */
  firstIndex: number;
  /** May be empty without being the last. */
  entries: ManifestEntry[];
  /** Things found that are not sent; they are no entries. */
  problems: ScanProblem[];
  /** Blocks that may be read from now on, in order. */
  sealedBlocks: BlockRun[];
  done: boolean;
  /** So far. */
  totals: ManifestTotals;
}

export interface ManifestTotals {
  entries: number;
  files: number;
  bytes: number;
}

export interface EntryFailure {
  index: number;
  code: ErrorCode;
  message: string;
}

export interface BlockRead {
  /** Of the content of the chunks that are sent; it lies one after the other at the start of `into`. */
  byteLength: number;
  /** 32 bytes for each chunk that is sent or offered, in order. */
  digests: Uint8Array;
  /** What is with each chunk (`ChunkUse`); undefined: all are sent. Those of failed files and those that the receiver has are absent. */
  uses: Uint8Array | undefined;
  /** Files that failed just now. */
  failures: EntryFailure[];
  /** Path of a file that begins in this block, for those who watch. */
  begun: string | undefined;
  /** Chunks of a file of several chunks that are holes, from the one in this block on, and told for the first time; none of them is sent. */
  holes: { index: number; firstChunk: number; chunks: number } | undefined;
  /** The first block after this one of which something may have to be sent: all between them can be passed over. */
  nextBlock: number;
}

export interface SourceEntry {
  kind: ManifestEntry['kind'];
  /** Path beneath the root of the source; not escaped. */
  source: string;
  target: string;
  bytes: number;
}

/** The sender's side of a transfer's files: finds them, lays them out, reads their blocks. */
export interface TreeReader {
  /** Goes on with the scan of the mappings. */
  nextBatch(maxEntries: number): ReaderBatch;
  /** Takes what an earlier scan listed, as it stands now, instead of a scan; what is not there any more is a problem. */
  lookUp(listed: readonly ListedSource[], isLast: boolean): ReaderBatch;
  /**
   * What the receiver has, or wants offered first. What several plans say of one file adds up, each going on behind the one before.
   * @throws JetStreamError `protocol-violation` for what the manifest does not have, or what was told before
   */
  applyPlans(plans: readonly EntryPlan[]): void;
  /**
   * Reads a sealed block. A file that is not what the scan saw, before or after, fails; one of which nothing is read is looked at once.
   * @param into at least as long as the block
   * @param chunks positions in the block that the receiver asked for: the content of just these, also of what it had or what is a
   *   hole; left out: what the plans leave
   * @throws JetStreamError `protocol-violation` for positions that the block does not have, or content asked for in a comparison
   */
  readBlock(block: number, into: Uint8Array, chunks?: readonly number[]): BlockRead;
  /** An entry not yet settled; undefined when there is none of this index. */
  describe(index: number): SourceEntry | undefined;
  /** The receiver answered: forgets the entry, and gives what `describe` gave. */
  entrySettled(index: number): SourceEntry | undefined;
  close(): void;
}

export function createTreeReader(options: TreeReaderOptions): TreeReader {
  return new SourceTree(options);
}
