import {
  BlockIndex,
  type BlockRun,
  type Chunk,
  chunkCount,
  displayPath,
  escapeName,
  Layout,
  type ManifestEntry,
} from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { arrivedChunks } from './arrived-chunk.ts';
import { chunkDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import { HandleCache } from './handle-cache.ts';
import { PartialFiles } from './partial-files.ts';
import type { DeadPartial, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { TargetLook } from './target-look.ts';
import { componentsOf, type TargetDirectory, TargetTree } from './target-tree.ts';
import type { EntryPlan, EntryResult, TreeWriter, TreeWriterOptions, WriterProgress } from './tree-writer.ts';
import { Volumes } from './volumes.ts';

interface DirectoryTime {
  directory: TargetDirectory;
  seconds: number;
  nanoseconds: number;
}

/** The one implementation of `TreeWriter`. */
export class TargetWriter implements TreeWriter {
  readonly progress: WriterProgress = {
    writtenBytes: 0,
    durableBytes: 0,
    filesDone: 0,
    failed: 0,
    presentBytes: 0,
    activity: undefined,
  };
  readonly #options: TreeWriterOptions;
  readonly #layout = new Layout();
  readonly #blocks = new BlockIndex<TargetFile>();
  readonly #handles: HandleCache;
  readonly #volumes = new Volumes();
  readonly #tree: TargetTree;
  readonly #look: TargetLook;
  readonly #partials: PartialFiles;
  readonly #directoryTimes: DirectoryTime[] = [];
  readonly #unsettled = new Map<number, TargetFile>();
  readonly #suspectBlocks = new Set<number>();
  #ready: TargetFile[] = [];
  /** Results of directories and skipped files: they are there, but their names perhaps not durably yet. */
  #present: EntryResult[] = [];
  #nextIndex = 0;
  #ended = false;

  constructor(options: TreeWriterOptions) {
    const { fileSystem, transferId, maxOpenHandles = 32, umask = process.umask() } = options;
    const { overwrite = 'partfile-always', skip = 'by-status' } = options;
    this.#options = options;
    this.#handles = new HandleCache(maxOpenHandles);
    this.#tree = new TargetTree(fileSystem, this.#volumes, this.#handles);
    this.#look = new TargetLook(this.#tree, this.#handles, { overwrite, skip, transferId });
    this.#partials = new PartialFiles(this.#tree, this.#volumes, this.#handles, transferId, umask);
  }

  get readyEntries(): number {
    return this.#ready.length + this.#present.length;
  }

  get settled(): boolean {
    return this.#ended && this.#unsettled.size === 0 && this.#present.length === 0;
  }

  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[]; lookups: ResumeLookup[] } {
    if (this.#ended || firstIndex !== this.#nextIndex) throw violation('a manifest batch came out of order');
    if (firstIndex + entries.length > this.#options.maxEntries) {
      const limit = this.#options.maxEntries;
      throw new JetStreamError('limit-exceeded', `the transfer has more than ${limit} files; split it`);
    }
    const results = entries.flatMap((entry) => {
      checkEntry(entry);
      const index = this.#nextIndex++;
      return entry.kind === 'file' ? this.#addFile(index, entry) : this.#addDirectory(index, entry);
    });
    // At once: the sender is not to begin with what is skipped.
    if (this.#present.some(({ skipped }) => skipped)) results.push(...this.#commitPresent([]));
    return { sealedBlocks: this.#layout.takeSealed(), results, lookups: [] };
  }

  endManifest(entries: number): { sealedBlocks: BlockRun[] } {
    if (this.#ended || entries !== this.#nextIndex) {
      throw violation(`the manifest ends after ${entries} entries, but ${this.#nextIndex} came`);
    }
    this.#ended = true;
    this.#layout.finish();
    return { sealedBlocks: this.#layout.takeSealed() };
  }

  resume(): void {}

  plan(): {
    plans: EntryPlan[];
    plannedBlocks: number;
    results: EntryResult[];
    notes: string[];
    more: boolean;
  } {
    const plannedBlocks = Math.floor(this.#layout.end / BLOCK_BYTES);
    return { plans: [], plannedBlocks, results: [], notes: [], more: false };
  }

  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses?: Uint8Array | undefined,
  ): { wantedChunks: number[]; again: boolean; results: EntryResult[] } {
    const files = this.#blocks.filesIn(block);
    if (files.length === 0) return { wantedChunks: [], again: false, results: [] };
    const wanted: { position: number; file: TargetFile }[] = [];
    let again = false;
    const results: EntryResult[] = [];
    for (const { position, file, chunk, content, digest } of arrivedChunks(
      files,
      block,
      bytes,
      digests,
      uses,
    )) {
      if (file.settled || digestsOf(file).has(chunk.number)) continue;
      try {
        if (content !== undefined && this.#writeChunk(file, chunk, content, digest)) continue;
        again ||= content !== undefined;
        wanted.push({ position, file });
      } catch (error) {
        results.push(this.#fail(file, asFileFailure(error)));
      }
    }
    // What was sent can be sent once more, and no more than that.
    const isRefused = wanted.length > 0 && this.#suspectBlocks.has(block);
    if (wanted.length > 0 && bytes.byteLength > 0 && !isRefused) this.#suspectBlocks.add(block);
    else this.#suspectBlocks.delete(block);
    if (!isRefused) return { wantedChunks: wanted.map(({ position }) => position), again, results };
    results.push(...wanted.map(({ file }) => this.#fail(file, digestMismatch(file))));
    return { wantedChunks: [], again: false, results };
  }

  addHoles(index: number, firstChunk: number, chunks: number): { results: EntryResult[] } {
    if (index >= this.#nextIndex) throw violation('a hole is in an entry that the manifest does not have');
    const file = this.#unsettled.get(index);
    if (file === undefined) return { results: [] };
    if (file.size === 0 || firstChunk + chunks > chunkCount(file)) {
      throw violation(`a hole lies outside of entry ${index}`);
    }
    try {
      this.#skipHoles(file, firstChunk, chunks);
      return { results: [] };
    } catch (error) {
      return { results: [this.#fail(file, asFileFailure(error))] };
    }
  }

  failEntry(index: number, code: ErrorCode, message: string): EntryResult[] {
    if (index >= this.#nextIndex) throw violation('an entry failed that the manifest does not have');
    const file = this.#unsettled.get(index);
    return file === undefined ? [] : [this.#fail(file, { code, message: escapeName(message) })];
  }

  commitReady(maxFiles = Number.POSITIVE_INFINITY): {
    results: EntryResult[];
    requests: { block: number; chunks: number[] }[];
  } {
    const batch = this.#ready.splice(0, maxFiles).filter(({ settled }) => !settled);
    const failed = this.#partials.sync(batch);
    const results = [...failed].map(([file, error]) => this.#fail(file, error));
    const named: TargetFile[] = [];
    for (const file of batch) {
      if (failed.has(file)) continue;
      try {
        this.#partials.name(file);
        named.push(file);
      } catch (error) {
        results.push(this.#fail(file, asFileFailure(error)));
      }
    }
    results.push(...this.#commitPresent(named));
    return { results, requests: [] };
  }

  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number } {
    return { updates: [], durableBytes: this.progress.durableBytes };
  }

  finish(): WriterProgress & { deadPartials: DeadPartial[] } {
    if (!this.settled) throw new JetStreamError('internal', 'the transfer has entries without a result');
    this.#tree.sync();
    for (const time of this.#directoryTimes) this.#setDirectoryTime(time);
    this.#close();
    return { ...this.progress, deadPartials: [] };
  }

  removeDead(): void {}

  suspend(): ResumeUpdate[] {
    this.abort();
    return [];
  }

  abort(): void {
    for (const file of this.#unsettled.values()) this.#partials.discard(file);
    this.#unsettled.clear();
    this.#ready = [];
    this.#close();
  }

  #addFile(index: number, entry: ManifestEntry): EntryResult[] {
    const { size, mtimeSeconds, mtimeNanoseconds, executable } = entry;
    const file: TargetFile = {
      index,
      // Also with a bad name it has its place among the bytes.
      address: this.#layout.place(size),
      size,
      directory: this.#tree.root,
      name: '',
      mtimeSeconds,
      mtimeNanoseconds,
      executable,
      digests: undefined,
      partial: undefined,
      settled: false,
    };
    if (size > 0) this.#blocks.add(file);
    try {
      const components = this.#options.resolve(entry.targetPath);
      // A copy: a part of a path would keep the whole of it in memory, a million times.
      file.name = Buffer.from(components.pop()!).toString();
      file.directory = this.#tree.claimFile([...components, file.name]);
    } catch (error) {
      return [this.#fail(file, asFileFailure(error), entry.targetPath)];
    }
    this.#unsettled.set(index, file);
    try {
      const { approach } = this.#look.at(file);
      if (approach.does === 'skip') this.#skip(file);
      else if (size === 0) this.#complete(file);
      return [];
    } catch (error) {
      return [this.#fail(file, asFileFailure(error))];
    }
  }

  /** Makes the names durable: those of the files just named, and those that were there. */
  #commitPresent(named: readonly TargetFile[]): EntryResult[] {
    const present = this.#present;
    this.#present = [];
    try {
      this.#tree.sync();
      for (const result of present) this.#count(result);
      return [...present, ...named.map((file) => this.#succeed(file))];
    } catch (error) {
      const failed = asFileFailure(error);
      return [
        ...present.map((result) => this.#failPresent(result, failed)),
        ...named.map((file) => this.#fail(file, failed)),
      ];
    }
  }

  /** An equal file stands there. */
  #skip(file: TargetFile): void {
    const { index, size: bytes, directory, name } = file;
    this.#tree.keep(directory);
    this.#settle(file);
    this.progress.writtenBytes += bytes;
    this.progress.presentBytes += bytes;
    const target = `/${componentsOf(directory, name).join('/')}`;
    this.#present.push({ ...success('file', index, target), bytes, skipped: true });
  }

  #addDirectory(index: number, { targetPath, mtimeSeconds, mtimeNanoseconds }: ManifestEntry): EntryResult[] {
    try {
      const components = this.#options.resolve(targetPath);
      const directory = this.#tree.claimDirectory(components);
      this.#handles.attempt(() => this.#tree.open(directory));
      this.#directoryTimes.push({ directory, seconds: mtimeSeconds, nanoseconds: mtimeNanoseconds });
      this.#present.push(success('directory', index, `/${components.join('/')}`));
      return [];
    } catch (error) {
      const kind = 'directory';
      return [this.#failPresent({ index, kind, target: targetPath }, asFileFailure(error))];
    }
  }

  /** A nicety: a directory that belongs to somebody else keeps its time. */
  #setDirectoryTime({ directory, seconds, nanoseconds }: DirectoryTime): void {
    try {
      this.#handles.attempt(() => this.#tree.open(directory).setModificationTime(seconds, nanoseconds));
    } catch (error) {
      asFileFailure(error);
    }
  }

  /** False: the content is not what its digest says. */
  #writeChunk(file: TargetFile, chunk: Chunk, content: Uint8Array, digest: Uint8Array): boolean {
    if (Buffer.compare(chunkDigest(this.#options.blake3, content), digest) !== 0) return false;
    this.#partials.write(file, content, chunk.offsetInFile);
    this.#addDigest(file, chunk.number, chunk.byteLength, digest);
    return true;
  }

  #skipHoles(file: TargetFile, firstChunk: number, chunks: number): void {
    const digests = digestsOf(file);
    const isLast = firstChunk + chunks === chunkCount(file);
    // Gives the file its length, and a file without content its partial.
    if (isLast && !digests.has(firstChunk + chunks - 1))
      this.#partials.write(file, new Uint8Array(1), file.size - 1);
    const added = digests.addZeros(firstChunk, chunks);
    for (const [from, end] of added) {
      this.progress.writtenBytes += Math.min(end * BLOCK_BYTES, file.size) - from * BLOCK_BYTES;
    }
    if (added.length > 0 && digests.complete) this.#complete(file);
  }

  #addDigest(file: TargetFile, number: number, byteLength: number, digest: Uint8Array): void {
    const digests = digestsOf(file);
    digests.add(number, digest);
    this.progress.writtenBytes += byteLength;
    if (digests.complete) this.#complete(file);
  }

  #complete(file: TargetFile): void {
    this.#partials.complete(file);
    this.#ready.push(file);
  }

  #succeed(file: TargetFile): EntryResult {
    const { index, size: bytes, directory, name } = file;
    const target = `/${componentsOf(directory, name).join('/')}`;
    const digest = digestsOf(file).fileDigest(this.#options.blake3);
    this.#settle(file);
    const result = { ...success('file', index, target), bytes, digest };
    this.#count(result);
    return result;
  }

  #count({ kind, bytes }: EntryResult): void {
    if (kind === 'directory') return;
    this.progress.durableBytes += bytes;
    this.progress.filesDone++;
  }

  #fail(
    file: TargetFile,
    { code, message }: { code: ErrorCode; message: string },
    target = `/${componentsOf(file.directory, file.name).join('/')}`,
  ): EntryResult {
    this.#partials.discard(file);
    this.#settle(file);
    this.progress.failed++;
    return failure({ index: file.index, kind: 'file', target, code, message });
  }

  #failPresent(
    { index, kind, target }: Pick<EntryResult, 'index' | 'kind' | 'target'>,
    { code, message }: JetStreamError,
  ): EntryResult {
    this.progress.failed++;
    return failure({ index, kind, target, code, message });
  }

  #close(): void {
    this.#handles.closeAll();
    this.#volumes.closeAll();
  }

  #settle(file: TargetFile): void {
    file.settled = true;
    file.digests = undefined;
    this.#unsettled.delete(file.index);
    if (file.size > 0) this.#blocks.settle(file);
  }
}

function success(kind: EntryResult['kind'], index: number, target: string): EntryResult {
  const digest = new Uint8Array(0);
  return { index, kind, code: 'none', message: '', target, bytes: 0, digest, skipped: false };
}

function failure(result: Omit<EntryResult, 'bytes' | 'digest' | 'skipped'>): EntryResult {
  return { ...result, bytes: 0, digest: new Uint8Array(0), skipped: false };
}

function digestMismatch({ directory, name }: TargetFile): { code: ErrorCode; message: string } {
  const shown = displayPath(componentsOf(directory, name));
  return {
    code: 'digest-mismatch',
    message: `${shown}: content differs from its digest, twice; run the copy again`,
  };
}

/** Parsing has made it a complete value; these are the ranges (TR-2). */
function checkEntry({ kind, size, mtimeSeconds, mtimeNanoseconds }: ManifestEntry): void {
  if (!Number.isSafeInteger(size) || size < 0 || (kind === 'directory' && size > 0)) {
    throw violation(`an entry has the size ${size}`);
  }
  const inSecond = Number.isInteger(mtimeNanoseconds) && mtimeNanoseconds >= 0 && mtimeNanoseconds < 1e9;
  if (!Number.isSafeInteger(mtimeSeconds) || !inSecond) throw violation('an entry has a time that is none');
}

function violation(message: string): JetStreamError {
  return new JetStreamError('protocol-violation', message);
}
