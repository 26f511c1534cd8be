import {
  BlockIndex,
  type BlockRun,
  chunkCount,
  displayPath,
  escapeName,
  Layout,
  type ManifestEntry,
} from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { arrivedChunks } from './arrived-chunk.ts';
import { Checkpoints } from './checkpoint.ts';
import { findDeadPartials, removeDeadPartials } from './dead-partials.ts';
import { chunkDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import { HandleCache } from './handle-cache.ts';
import { PartialFiles } from './partial-files.ts';
import { ReadBack } from './read-back.ts';
import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { type ArrivedContent, type EarlyArrival, Resumption } from './resumption.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { TargetLook } from './target-look.ts';
import { componentsOf, type TargetDirectory, TargetTree } from './target-tree.ts';
import type { EntryPlan, EntryResult, TreeWriter, TreeWriterOptions, WriterProgress } from './tree-writer.ts';
import { Volumes } from './volumes.ts';

/** What a call reads back at most. */
const READ_BACK_BYTES = 64 * 2 ** 20;

/** When the cause of such a failure is gone, what is durable of the file is of use. */
const CAUSES_THAT_PASS: ReadonlySet<ErrorCode> = new Set([
  'disk-full',
  'quota-exceeded',
  'io-error',
  'too-many-open-files',
  'read-only',
  'permission-denied',
]);

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
  readonly #checkpoints = new Checkpoints();
  readonly #resumption: Resumption;
  readonly #readBack: ReadBack;
  /** Blocks that were asked for again because something in them was wrong: that is done once. */
  readonly #askedAgain = new Set<number>();
  #requests = new Map<number, number[]>();
  #ready: TargetFile[] = [];
  /** Of files that failed when nobody could be told. */
  #lateResults: EntryResult[] = [];
  /** Results of directories and skipped files: they are there, but their names perhaps not durably yet. */
  #present: EntryResult[] = [];
  #nextIndex = 0;
  #ended = false;

  constructor(options: TreeWriterOptions) {
    const { fileSystem, blake3, transferId, maxOpenHandles = 32 } = options;
    const { umask = process.umask(), uid = process.geteuid?.() } = options;
    const { overwrite = 'partfile-always', skip = 'by-status' } = options;
    this.#options = options;
    this.#handles = new HandleCache(maxOpenHandles);
    this.#tree = new TargetTree(fileSystem, this.#volumes, this.#handles);
    this.#look = new TargetLook(this.#tree, this.#handles, { overwrite, skip, transferId });
    const making = { transferId, umask, uid };
    this.#partials = new PartialFiles(this.#tree, this.#volumes, this.#handles, making);
    this.#resumption = new Resumption(this.#partials, blake3);
    this.#readBack = new ReadBack(this.#partials, blake3);
  }

  get readyEntries(): number {
    return this.#ready.length + this.#readBack.files + this.#present.length + this.#lateResults.length;
  }

  get settled(): boolean {
    return this.#ended && this.#unsettled.size + this.#present.length + this.#lateResults.length === 0;
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
    const lookups: ResumeLookup[] = [];
    if (this.#options.resumable) {
      for (let index = firstIndex; index < this.#nextIndex; index++) {
        const file = this.#unsettled.get(index);
        if (file !== undefined && file.size > BLOCK_BYTES) lookups.push(this.#lookUp(file));
      }
    }
    return { sealedBlocks: this.#layout.takeSealed(), results, lookups };
  }

  endManifest(entries: number): { sealedBlocks: BlockRun[] } {
    if (this.#ended || entries !== this.#nextIndex) {
      throw violation(`the manifest ends after ${entries} entries, but ${this.#nextIndex} came`);
    }
    this.#ended = true;
    this.#layout.finish();
    return { sealedBlocks: this.#layout.takeSealed() };
  }

  resume(answers: readonly ResumeAnswer[]): void {
    for (const { index, record, recordable } of answers) {
      const file = this.#unsettled.get(index);
      if (file === undefined) continue;
      this.#resumption.answer(index, record);
      if (recordable === false) file.record = undefined;
    }
  }

  plan(maxBytes: number): {
    plans: EntryPlan[];
    plannedBlocks: number;
    results: EntryResult[];
    notes: string[];
    more: boolean;
  } {
    const results: EntryResult[] = [];
    const { plans, notes, more } = this.#resumption.goOn(maxBytes, {
      found: (file, chunk, byteLength, digest) => {
        this.#checkpoints.found(file, byteLength);
        this.progress.presentBytes += byteLength;
        results.push(...this.#attempt(file, () => this.#addDigest(file, chunk, byteLength, digest)));
      },
      arrived: (file, arrival) =>
        results.push(...this.#attempt(file, () => this.#takeArrival(file, arrival))),
    });
    this.#tellActivity();
    const plannedBlocks = Math.min(
      Math.floor(this.#layout.end / BLOCK_BYTES),
      this.#resumption.firstUnknownBlock,
    );
    return { plans, plannedBlocks, results, notes, more };
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
      if (content !== undefined && Buffer.compare(chunkDigest(this.#options.blake3, content), digest) === 0) {
        results.push(...this.#attempt(file, () => this.#takeArrival(file, { chunk, content, digest })));
        continue;
      }
      again ||= content !== undefined;
      wanted.push({ position, file });
    }
    // What was sent can be sent once more, and no more than that.
    const isRefused = wanted.length > 0 && this.#askedAgain.has(block);
    if (wanted.length > 0 && bytes.byteLength > 0) this.#askedAgain.add(block);
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
    return { results: this.#attempt(file, () => this.#takeArrival(file, { firstChunk, chunks })) };
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
    results.push(...this.#lateResults.splice(0));
    const named: TargetFile[] = [];
    for (const file of this.#readAgain(batch, results)) {
      if (file.settled) continue;
      try {
        this.#partials.name(file);
        named.push(file);
      } catch (error) {
        results.push(this.#fail(file, asFileFailure(error)));
      }
    }
    results.push(...this.#commitPresent(named));
    const requests = [...this.#requests].map(([block, chunks]) => ({ block, chunks }));
    this.#requests.clear();
    this.#tellActivity();
    return { results, requests };
  }

  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number } {
    const files = this.#checkpoints.takeChanged((file) => !this.#resumption.isPending(file));
    const failed = this.#partials.sync(files);
    this.#lateResults.push(...[...failed].map(([file, error]) => this.#fail(file, error)));
    const durable = files.filter(({ settled }) => !settled);
    const updates: ResumeUpdate[] = [];
    try {
      if (durable.length > 0) this.#tree.sync();
      for (const file of durable) updates.push(...this.#checkpoints.updateOf(file, this.#keyOf(file)));
    } catch (error) {
      asFileFailure(error);
      for (const file of durable) this.#checkpoints.wrote(file, 0);
    }
    return { updates, durableBytes: this.progress.durableBytes + this.#checkpoints.durableBytes };
  }

  finish(): WriterProgress & { deadPartials: DeadPartial[] } {
    if (!this.settled) throw new JetStreamError('internal', 'the transfer has entries without a result');
    this.#tree.sync();
    const { resumable, transferId, rootPath = '' } = this.#options;
    const deadPartials = resumable ? findDeadPartials(this.#tree, this.#handles, transferId, rootPath) : [];
    for (const time of this.#directoryTimes) this.#setDirectoryTime(time);
    this.#close();
    return { ...this.progress, deadPartials };
  }

  removeDead(partials: readonly DeadPartial[]): void {
    removeDeadPartials(this.#options.fileSystem, this.#options.transferId, partials);
  }

  suspend(): ResumeUpdate[] {
    const { updates } = this.checkpoint();
    for (const file of this.#unsettled.values()) if (this.#isKept(file)) this.#partials.leave(file);
    this.abort();
    return updates;
  }

  abort(): void {
    for (const file of this.#unsettled.values()) this.#partials.discard(file);
    this.#unsettled.clear();
    this.#ready = [];
    this.#close();
  }

  #lookUp(file: TargetFile): ResumeLookup {
    file.record = { isStored: false, durableBytes: 0, writtenBytes: 0 };
    this.#resumption.await(file);
    return { index: file.index, key: this.#keyOf(file) };
  }

  #keyOf({ directory, name }: TargetFile): string {
    return [this.#options.rootPath ?? '', ...componentsOf(directory, name)].join('/');
  }

  #addFile(index: number, entry: ManifestEntry): EntryResult[] {
    const { size, mtimeSeconds, mtimeNanoseconds, executable, sourceInode } = entry;
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
      sourceInode,
      digests: undefined,
      partial: undefined,
      record: undefined,
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
    return this.#attempt(file, () => {
      const { approach } = this.#look.at(file);
      if (approach.does === 'skip') this.#skip(file);
      else if (size === 0) this.#complete(file);
    });
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
    const isRecorded = this.#options.resumable === true && bytes > BLOCK_BYTES;
    const record = isRecorded && { recordKey: this.#keyOf(file) };
    this.#present.push({ ...success('file', index, target), bytes, skipped: true, ...record });
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

  /** Content that is what its digest says, or holes. */
  #takeArrival(file: TargetFile, arrival: EarlyArrival): void {
    if (this.#resumption.hold(file, arrival)) return;
    if ('firstChunk' in arrival) this.#skipHoles(file, arrival.firstChunk, arrival.chunks);
    else this.#writeChunk(file, arrival);
  }

  #writeChunk(file: TargetFile, { chunk, content, digest }: ArrivedContent): void {
    if (digestsOf(file).has(chunk.number)) return;
    this.#partials.write(file, content, chunk.offsetInFile);
    this.#checkpoints.wrote(file, chunk.byteLength);
    this.#addDigest(file, chunk.number, chunk.byteLength, digest);
  }

  #skipHoles(file: TargetFile, firstChunk: number, chunks: number): void {
    const digests = digestsOf(file);
    const isLast = firstChunk + chunks === chunkCount(file);
    // Gives the file its length, and a file without content its partial.
    if (isLast && !digests.has(firstChunk + chunks - 1))
      this.#partials.write(file, new Uint8Array(1), file.size - 1);
    const added = digests.addZeros(firstChunk, chunks);
    for (const [from, end] of added) {
      const byteLength = Math.min(end * BLOCK_BYTES, file.size) - from * BLOCK_BYTES;
      this.#partials.makeHole(file, from * BLOCK_BYTES, byteLength);
      this.progress.writtenBytes += byteLength;
      this.#checkpoints.wrote(file, byteLength);
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
    this.#tellActivity();
  }

  /** What the next calls will take their time for. */
  #tellActivity(): void {
    if (this.#resumption.isChecking) this.progress.activity = 'checking';
    else if (this.#readBack.files > 0) this.progress.activity = 'reading-back';
    else this.progress.activity = this.readyEntries > 0 ? 'syncing' : undefined;
  }

  /** Files to be named: those of a batch that are durable, or those that were read back and are what was written. */
  #readAgain(batch: readonly TargetFile[], results: EntryResult[]): TargetFile[] {
    const durable = batch.filter(({ settled }) => !settled);
    if (!this.#options.readBack) return durable;
    for (const file of durable) this.#readBack.add(file);
    const read = this.#readBack.goOn(READ_BACK_BYTES);
    for (const { file, wrong, failure } of read) {
      if (failure !== undefined) results.push(this.#fail(file, failure));
      else if (wrong.length > 0) results.push(...this.#sendAgain(file, wrong));
    }
    return read.filter(({ wrong }) => wrong.length === 0).map(({ file }) => file);
  }

  /** What was written is not there: it is asked for once more. */
  #sendAgain(file: TargetFile, chunks: readonly number[]): EntryResult[] {
    const blocks = chunks.map((chunk) => Math.floor(file.address / BLOCK_BYTES) + chunk);
    if (blocks.some((block) => this.#askedAgain.has(block) && !this.#requests.has(block))) {
      return [this.#fail(file, digestMismatch(file))];
    }
    file.partial!.incomplete();
    for (const [at, block] of blocks.entries()) {
      const byteLength = Math.min(BLOCK_BYTES, file.size - chunks[at]! * BLOCK_BYTES);
      digestsOf(file).remove(chunks[at]!);
      this.#checkpoints.wrote(file, -byteLength);
      this.progress.writtenBytes -= byteLength;
      this.#askedAgain.add(block);
      const asked = this.#requests.get(block) ?? [];
      this.#requests.set(
        block,
        [...asked, this.#blocks.filesIn(block).indexOf(file)].sort((a, b) => a - b),
      );
    }
    return [];
  }

  /** What a file fails of is its own. */
  #attempt(file: TargetFile, operation: () => void): EntryResult[] {
    if (file.settled) return [];
    try {
      operation();
      return [];
    } catch (error) {
      const failure = asFileFailure(error);
      if (failure.code === 'protocol-violation') throw failure;
      return [this.#fail(file, failure)];
    }
  }

  #succeed(file: TargetFile): EntryResult {
    const { index, size: bytes, directory, name } = file;
    const target = `/${componentsOf(directory, name).join('/')}`;
    const digest = digestsOf(file).fileDigest(this.#options.blake3);
    const record = file.record && { recordKey: this.#keyOf(file) };
    this.#settle(file);
    const result = { ...success('file', index, target), bytes, digest, ...record };
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
    // Nobody has looked at what its record says, if it has one.
    const isUnknown = this.#resumption.isPending(file) && file.partial === undefined;
    const isKept = isUnknown || (this.#isKept(file) && CAUSES_THAT_PASS.has(code));
    if (isKept) this.#partials.leave(file);
    else this.#partials.discard(file);
    const record = file.record && !isKept && { recordKey: this.#keyOf(file) };
    this.#settle(file);
    this.progress.failed++;
    return { ...failure({ index: file.index, kind: 'file', target, code, message }), ...record };
  }

  #failPresent(
    { index, kind, target }: Pick<EntryResult, 'index' | 'kind' | 'target'>,
    { code, message }: JetStreamError,
  ): EntryResult {
    this.progress.failed++;
    return failure({ index, kind, target, code, message });
  }

  /** A later transfer can go on from what there is of it. */
  #isKept(file: TargetFile): boolean {
    const { record } = file;
    if (record === undefined) return false;
    return this.#resumption.isPending(file) || (record.isStored && record.durableBytes > 0);
  }

  #close(): void {
    this.#handles.closeAll();
    this.#volumes.closeAll();
  }

  #settle(file: TargetFile): void {
    file.settled = true;
    file.digests = undefined;
    this.#checkpoints.forget(file);
    this.#resumption.forget(file);
    this.#readBack.forget(file);
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
