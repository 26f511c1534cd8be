import {
  BlockIndex,
  type BlockRun,
  type Chunk,
  chunkCount,
  chunkIn,
  displayPath,
  type FileMapping,
  type Found,
  Layout,
  type ManifestEntry,
  type Placed,
  Scanner,
  type ScanProblem,
  type SourcePath,
  sourceComponents,
} from '@jetstream/manifest';
import { BLOCK_BYTES, ChunkUse, DIGEST_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { type Blake3, chunkDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { HandleCache } from './handle-cache.ts';
import { scanWithin } from './scan-within.ts';
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
  /** Chunks that are holes, from the one in this block on; none of them is sent. */
  holes: { index: number; firstChunk: number; chunks: number } | undefined;
  /** The first block after this one of which something may have to be sent. */
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
  nextBatch(maxEntries: number): ReaderBatch;
  /** Whether any file in the block still needs it. */
  isBlockWanted(block: number): boolean;
  /**
   * What the receiver has, or wants offered first.
   * @throws JetStreamError `protocol-violation` for what the manifest does not have
   */
  applyPlans(plans: readonly EntryPlan[]): void;
  /**
   * Reads a sealed block, again if need be. A file that is not what the scan saw, before or after, fails.
   * @param into at least as long as the block
   * @param chunks positions in the block that the receiver asked for: the content of just these; left out: what the plans leave
   * @throws JetStreamError `protocol-violation` for positions that the block does not have
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

/** A directory is one without content. */
interface SourceFile extends Placed {
  readonly index: number;
  readonly kind: ManifestEntry['kind'];
  readonly directory: SourcePath;
  readonly name: string;
  readonly followed: boolean;
  /** Where the directory does not give it. */
  readonly target: string | undefined;
  /** What the scan saw. Not its whole status: a million of these may be on their way. */
  readonly device: number;
  readonly inode: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  state: 'wanted' | 'failed' | 'settled';
  digestsFirst: boolean;
  /** Chunks that the receiver has: in turn, where they begin and where they end. */
  had: number[] | undefined;
}

class SourceTree implements TreeReader {
  readonly #options: TreeReaderOptions;
  readonly #scanner: Scanner;
  readonly #layout = new Layout();
  readonly #blocks = new BlockIndex<SourceFile>();
  readonly #unsettled = new Map<number, SourceFile>();
  readonly #handles: HandleCache;
  readonly #totals: ManifestTotals = { entries: 0, files: 0, bytes: 0 };
  #done = false;

  constructor(options: TreeReaderOptions) {
    this.#options = options;
    this.#handles = new HandleCache(options.maxOpenHandles ?? 32);
    this.#scanner = new Scanner({ ...options, fileSystem: scanWithin(this.#handles, options.fileSystem) });
  }

  nextBatch(maxEntries: number): ReaderBatch {
    const firstIndex = this.#totals.entries;
    const scanned = this.#scanner.nextBatch(maxEntries);
    const { problems, done } = scanned;
    const entries: ManifestEntry[] = [];
    for (const found of scanned.found) {
      try {
        this.#add(found);
        entries.push(found.entry);
      } catch (error) {
        const { code, message } = asFileFailure(error);
        const source = displayPath(sourceComponents(found.directory, found.name));
        problems.push({ source, code, message: `${source}: ${message}` });
      }
    }
    if (done && !this.#done) this.#layout.finish();
    this.#done = done;
    return {
      firstIndex,
      entries,
      problems,
      sealedBlocks: this.#layout.takeSealed(),
      done,
      totals: { ...this.#totals },
    };
  }

  isBlockWanted(block: number): boolean {
    return this.#blocks.filesIn(block).some((file) => file.state === 'wanted');
  }

  applyPlans(plans: readonly EntryPlan[]): void {
    for (const { index, digestsFirst, have } of plans) {
      if (index >= this.#totals.entries) throw violation('a plan is for an entry that is not there');
      // The answer to an entry may be on its way when the plan is made.
      const file = this.#unsettled.get(index);
      if (file === undefined) continue;
      const chunks = file.size === 0 ? 0 : chunkCount(file);
      const had: number[] = [];
      let at = 0;
      for (const count of have) {
        at += count;
        had.push(at);
      }
      if (at > chunks || (digestsFirst && chunks === 0))
        throw violation(`the plan of entry ${index} is wrong`);
      file.digestsFirst ||= digestsFirst;
      if (had.length > 0) file.had = file.had === undefined ? had : [...file.had, ...had];
    }
  }

  readBlock(block: number, into: Uint8Array, chunks?: readonly number[]): BlockRead {
    const files = this.#blocks.filesIn(block);
    if (chunks !== undefined && files.length > 0 && chunks.some((position) => position >= files.length)) {
      throw violation(`block ${block} was asked for a chunk that it does not have`);
    }
    const asked = chunks && new Set(chunks);
    const uses = new Uint8Array(files.length);
    const digests: Uint8Array[] = [];
    const failures: EntryFailure[] = [];
    let byteLength = 0;
    for (const [position, file] of files.entries()) {
      const chunk = chunkIn(file, block);
      const use =
        asked === undefined ? this.#plannedUse(file, chunk) : asked.has(position) ? ChunkUse.CONTENT : 0;
      if (use === ChunkUse.ABSENT || file.state !== 'wanted') continue;
      const content = into.subarray(byteLength, byteLength + chunk.byteLength);
      try {
        this.#readChunk(file, chunk, content);
      } catch (error) {
        const { code, message } = asFileFailure(error);
        file.state = 'failed';
        this.#handles.drop(file);
        failures.push({ index: file.index, code, message });
        continue;
      }
      digests.push(chunkDigest(this.#options.blake3, content));
      uses[position] = use;
      if (use === ChunkUse.CONTENT) byteLength += chunk.byteLength;
    }
    const begun = files.find((file) => file.address >= block * BLOCK_BYTES);
    return {
      byteLength,
      digests: concatenated(digests),
      uses: uses.every((use) => use === ChunkUse.CONTENT) ? undefined : uses,
      failures,
      begun: begun && this.describe(begun.index)?.source,
      holes: undefined,
      nextBlock: block + 1,
    };
  }

  describe(index: number): SourceEntry | undefined {
    const file = this.#unsettled.get(index);
    if (file === undefined) return undefined;
    const { kind, size: bytes, directory, name, target = `${directory.targetPath}/${name}` } = file;
    return { kind, source: `/${sourceComponents(directory, name).join('/')}`, target, bytes };
  }

  entrySettled(index: number): SourceEntry | undefined {
    const described = this.describe(index);
    const file = this.#unsettled.get(index);
    if (file === undefined) return undefined;
    this.#unsettled.delete(index);
    this.#handles.drop(file);
    file.state = 'settled';
    if (file.size > 0) this.#blocks.settle(file);
    return described;
  }

  close(): void {
    this.#scanner.close();
    this.#handles.closeAll();
  }

  #add({ entry, status, directory, name, followed }: Found): void {
    const { kind, size } = entry;
    const { device, inode, mtimeSeconds, mtimeNanoseconds } = status;
    const file: SourceFile = {
      index: this.#totals.entries,
      kind,
      address: this.#layout.place(size),
      size,
      directory,
      name,
      followed,
      target: directory.targetPath === undefined ? entry.targetPath : undefined,
      device,
      inode,
      mtimeSeconds,
      mtimeNanoseconds,
      state: 'wanted',
      digestsFirst: false,
      had: undefined,
    };
    this.#unsettled.set(file.index, file);
    if (size > 0) this.#blocks.add(file);
    this.#totals.entries++;
    this.#totals.bytes += size;
    if (kind === 'file') this.#totals.files++;
  }

  #plannedUse({ had, digestsFirst }: SourceFile, { number }: Chunk): number {
    // Behind an odd number of edges it lies within a run.
    if (had !== undefined && had.filter((edge) => edge <= number).length % 2 === 1) return ChunkUse.ABSENT;
    return digestsFirst || this.#options.verify ? ChunkUse.OFFERED : ChunkUse.CONTENT;
  }

  #readChunk(file: SourceFile, chunk: Chunk, content: Uint8Array): void {
    const open = () => this.#open(file);
    if (file.size > BLOCK_BYTES) {
      readUnchanged(this.#handles.use(file, open), file, chunk, content);
      return;
    }
    const handle = this.#handles.attempt(open);
    try {
      readUnchanged(handle, file, chunk, content);
    } finally {
      handle.close();
    }
  }

  #open({ directory, name, followed }: SourceFile): OpenFile {
    const { fileSystem } = this.#options;
    if (followed) return fileSystem.openFile(sourceComponents(directory, name));
    return this.#handles
      .use(directory, () => fileSystem.openDirectory(sourceComponents(directory)))
      .openFile(name);
  }
}

/** What a file is after its bytes were read tells also whether it had changed before. */
function readUnchanged(handle: OpenFile, file: SourceFile, chunk: Chunk, content: Uint8Array): void {
  const byteCount = handle.read(content, chunk.offsetInFile);
  const now = handle.status();
  if (
    byteCount === content.byteLength &&
    now.size === file.size &&
    now.mtimeSeconds === file.mtimeSeconds &&
    now.mtimeNanoseconds === file.mtimeNanoseconds &&
    now.inode === file.inode &&
    now.device === file.device
  ) {
    return;
  }
  const components = sourceComponents(file.directory, file.name);
  throw new JetStreamError(
    'source-changed',
    `${displayPath(components)} changed while it was being sent; run the copy again when it is at rest`,
    { subject: `/${components.join('/')}` },
  );
}

function concatenated(digests: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(digests.length * DIGEST_BYTES);
  for (const [at, digest] of digests.entries()) all.set(digest, at * DIGEST_BYTES);
  return all;
}

function violation(message: string): JetStreamError {
  return new JetStreamError('protocol-violation', message);
}
