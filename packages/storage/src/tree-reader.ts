import {
  BlockIndex,
  type BlockRun,
  type Chunk,
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
import { BLOCK_BYTES, DIGEST_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { type Blake3, chunkDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { HandleCache } from './handle-cache.ts';
import { scanWithin } from './scan-within.ts';

export interface TreeReaderOptions {
  fileSystem: FileSystem;
  blake3: Blake3;
  /** Sources are paths beneath the file system's root; `..` in them is refused: a local path is made absolute first. */
  mappings: readonly FileMapping[];
  /** What to do with symlinks found in directories; a source that is itself one is always followed. */
  symlinks: 'follow' | 'ignore';
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
  byteLength: number;
  /** 32 bytes for each chunk. Of a failed file's chunk they are zeros, which no content has: so it can never pass for good. */
  digests: Uint8Array;
  /** Files that failed just now; their bytes are zeros. */
  failures: EntryFailure[];
  /** Path of a file that begins in this block, for those who watch. */
  begun: string | undefined;
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
   * Reads a sealed block, again if need be. A file that is not what the scan saw, before or after, fails.
   * @param into at least as long as the block
   */
  readBlock(block: number, into: Uint8Array): BlockRead;
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

  readBlock(block: number, into: Uint8Array): BlockRead {
    const files = this.#blocks.filesIn(block);
    const digests = new Uint8Array(files.length * DIGEST_BYTES);
    const failures: EntryFailure[] = [];
    for (const [at, file] of files.entries()) {
      const chunk = chunkIn(file, block);
      const content = into.subarray(chunk.offsetInBlock, chunk.offsetInBlock + chunk.byteLength);
      try {
        if (file.state === 'wanted') {
          this.#readChunk(file, chunk, content);
          digests.set(chunkDigest(this.#options.blake3, content), at * DIGEST_BYTES);
          continue;
        }
      } catch (error) {
        const { code, message } = asFileFailure(error);
        file.state = 'failed';
        this.#handles.drop(file);
        failures.push({ index: file.index, code, message });
      }
      content.fill(0);
    }
    const begun = files.find((file) => file.address >= block * BLOCK_BYTES);
    return {
      byteLength: this.#blocks.byteLengthOf(block),
      digests,
      failures,
      begun: begun && this.describe(begun.index)?.source,
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
    };
    this.#unsettled.set(file.index, file);
    if (size > 0) this.#blocks.add(file);
    this.#totals.entries++;
    this.#totals.bytes += size;
    if (kind === 'file') this.#totals.files++;
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
