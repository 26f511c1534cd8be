import { BlockIndex, type BlockRun, chunkCount, escapeName, type ManifestEntry } from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { arrivedChunks } from './arrived-chunk.ts';
import { BlockRequests } from './block-requests.ts';
import { Checkpoints } from './checkpoint.ts';
import { ChunkReader } from './chunk-reader.ts';
import { bytesIn } from './chunk-runs.ts';
import { ContentIntake } from './content-intake.ts';
import { findDeadPartials, removeDeadPartials } from './dead-partials.ts';
import { hasDigest } from './digest.ts';
import { digestMismatch, failure, NO_DIGEST, success } from './entry-result.ts';
import { asFileFailure } from './errno.ts';
import type { FileStatus } from './file-system.ts';
import { HandleCache } from './handle-cache.ts';
import { MadeDirectories } from './made-directories.ts';
import { ManifestIntake, manifestViolation } from './manifest-intake.ts';
import { OlderVersions } from './older-versions.ts';
import { PartialFiles } from './partial-files.ts';
import { TargetPermissions } from './permissions.ts';
import { ReadBack } from './read-back.ts';
import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { Resumption } from './resumption.ts';
import { StandingFiles } from './standing-files.ts';
import type { Approach } from './standing-target.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { TargetLook, targetRefused } from './target-look.ts';
import { componentsOf, TargetTree } from './target-tree.ts';
import type { EntryPlan, EntryResult, TreeWriter, TreeWriterOptions, WriterProgress } from './tree-writer.ts';
import { Volumes } from './volumes.ts';

/** What a call reads back at most. */
const READ_BACK_BYTES = 64 * 2 ** 20;

/** Found equal before a file was found to differ, and copied in one call at most. */
const COPIED_BYTES = 32 * 2 ** 20;

/** When the cause of such a failure is gone, what is durable of the file is of use. */
const CAUSES_THAT_PASS: ReadonlySet<ErrorCode> = new Set([
  'disk-full',
  'quota-exceeded',
  'io-error',
  'too-many-open-files',
  'read-only',
  'permission-denied',
]);

type Receiving = Extract<Approach, { does: 'receive' }>;
type Refusal = Extract<Approach, { does: 'refuse' }>;

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
  readonly #manifest: ManifestIntake;
  readonly #blocks = new BlockIndex<TargetFile>();
  readonly #handles: HandleCache;
  readonly #volumes = new Volumes();
  readonly #tree: TargetTree;
  readonly #look: TargetLook;
  readonly #permissions: TargetPermissions;
  readonly #partials: PartialFiles;
  readonly #older: OlderVersions;
  readonly #intake: ContentIntake;
  readonly #directories: MadeDirectories;
  readonly #unsettled = new Map<number, TargetFile>();
  readonly #checkpoints = new Checkpoints(this.progress);
  readonly #resumption: Resumption;
  readonly #readBack: ReadBack;
  readonly #requests = new BlockRequests();
  /** Of files that are to be compared. */
  readonly #newPlans: EntryPlan[] = [];
  #ready: TargetFile[] = [];
  /** Of files that failed when nobody could be told. */
  #lateResults: EntryResult[] = [];
  /** Results of directories and skipped files: they are there, but their names perhaps not durably yet. */
  #present: EntryResult[] = [];

  constructor(options: TreeWriterOptions) {
    const { fileSystem, blake3, transferId, maxOpenHandles = 32 } = options;
    const { umask = process.umask(), uid = process.geteuid?.() } = options;
    const { overwrite = 'partfile-always', skip = 'by-status' } = options;
    this.#options = options;
    this.#manifest = new ManifestIntake(options.maxEntries);
    this.#handles = new HandleCache(maxOpenHandles);
    this.#tree = new TargetTree(fileSystem, this.#volumes, this.#handles);
    this.#look = new TargetLook(this.#tree, this.#handles, { overwrite, skip, transferId });
    this.#permissions = new TargetPermissions(umask, options.owners);
    this.#directories = new MadeDirectories(fileSystem, this.#tree, this.#handles, this.#permissions);
    const making = { transferId, uid, overwrite, permissions: this.#permissions };
    this.#partials = new PartialFiles(this.#tree, this.#volumes, this.#handles, making);
    const reader = new ChunkReader(blake3);
    this.#older = new OlderVersions(new StandingFiles(this.#tree, this.#handles, reader), blake3);
    this.#intake = new ContentIntake(this.#partials, this.#older, this.#checkpoints, this.progress, {
      complete: (file) => this.#complete(file),
      same: (file, standing) => this.#takeSame(file, standing),
    });
    this.#resumption = new Resumption(this.#partials, reader);
    this.#readBack = new ReadBack(this.#partials, reader, blake3);
  }

  get readyEntries(): number {
    const waiting = this.#ready.length + this.#readBack.files + this.#older.copying + this.#requests.waiting;
    return waiting + this.#present.length + this.#lateResults.length;
  }

  get settled(): boolean {
    return (
      this.#manifest.hasEnded && this.#unsettled.size + this.#present.length + this.#lateResults.length === 0
    );
  }

  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[]; lookups: ResumeLookup[] } {
    const results: EntryResult[] = [];
    const added: TargetFile[] = [];
    for (const { index, entry, address } of this.#manifest.take(firstIndex, entries)) {
      if (entry.kind === 'directory') results.push(...this.#addDirectory(index, entry));
      else added.push(this.#addFile(index, entry, address, results));
    }
    // At once: the sender is not to begin with what is skipped.
    if (this.#present.some(({ skipped }) => skipped)) results.push(...this.#commitPresent([]));
    const lookups = added.filter((file) => this.#isResumable(file)).map((file) => this.#lookUp(file));
    return { sealedBlocks: this.#manifest.takeSealed(), results, lookups };
  }

  endManifest(entries: number): { sealedBlocks: BlockRun[] } {
    this.#manifest.end(entries);
    return { sealedBlocks: this.#manifest.takeSealed() };
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
        results.push(...this.#attempt(file, () => this.#intake.found(file, chunk, byteLength, digest)));
      },
      known: (file) => {
        const { refusal, partial } = file;
        if (refusal !== undefined && partial === undefined) results.push(this.#fail(file, refusal));
      },
    });
    this.#tellActivity();
    plans.push(...this.#newPlans.splice(0));
    const plannedBlocks = Math.min(this.#manifest.wholeBlocks, this.#resumption.firstUnknownBlock);
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
      if (this.#resumption.isUnknown(file)) throw manifestViolation(`block ${block} was not planned`);
      if (file.settled || file.digests?.has(chunk.number) || file.older?.equal?.has(chunk.number)) continue;
      if (content === undefined) {
        let isThere = false;
        const take = () => {
          isThere = this.#intake.takeOffered(file, chunk, digest);
        };
        results.push(...this.#attempt(file, take));
        if (!isThere && !file.settled) wanted.push({ position, file });
        continue;
      }
      if (hasDigest(this.#options.blake3, content, digest)) {
        results.push(...this.#attempt(file, () => this.#intake.write(file, chunk, content, digest)));
        continue;
      }
      again = true;
      wanted.push({ position, file });
    }
    // What was sent can be sent once more, and no more than that.
    const isRefused = wanted.length > 0 && this.#requests.has(block);
    if (wanted.length > 0 && bytes.byteLength > 0) this.#requests.spend(block);
    if (!isRefused) return { wantedChunks: wanted.map(({ position }) => position), again, results };
    results.push(...wanted.map(({ file }) => this.#fail(file, digestMismatch(file))));
    return { wantedChunks: [], again: false, results };
  }

  addHoles(index: number, firstChunk: number, chunks: number): { results: EntryResult[] } {
    this.#manifest.checkIndex(index);
    const file = this.#unsettled.get(index);
    if (file === undefined) return { results: [] };
    if (file.size === 0 || firstChunk + chunks > chunkCount(file)) {
      throw manifestViolation(`a hole lies outside of entry ${index}`);
    }
    if (this.#resumption.isUnknown(file)) throw manifestViolation(`a hole of entry ${index} was not planned`);
    return { results: this.#attempt(file, () => this.#intake.addHoles(file, firstChunk, chunks)) };
  }

  failEntry(index: number, code: ErrorCode, message: string): EntryResult[] {
    this.#manifest.checkIndex(index);
    const file = this.#unsettled.get(index);
    return file === undefined ? [] : [this.#fail(file, { code, message: escapeName(message) })];
  }

  commitReady(maxFiles = Number.POSITIVE_INFINITY): {
    results: EntryResult[];
    requests: { block: number; chunks: number[] }[];
  } {
    const batch = this.#ready.splice(0, maxFiles).filter(({ settled }) => !settled);
    const results = this.#sync(batch);
    results.push(...this.#lateResults.splice(0));
    const whole = this.#readAgain(batch, results);
    results.push(...this.#stamp(whole.filter(({ inPlace }) => inPlace)));
    const named: TargetFile[] = [];
    for (const file of whole) {
      results.push(
        ...this.#attempt(file, () => {
          this.#partials.name(file);
          named.push(file);
        }),
      );
    }
    this.#older.goOn(COPIED_BYTES, {
      copied: (file, chunk, content, digest) =>
        results.push(...this.#attempt(file, () => this.#intake.copied(file, chunk, content, digest))),
      changed: (file, chunk, byteLength) => {
        this.progress.writtenBytes -= byteLength;
        this.progress.presentBytes -= byteLength;
        results.push(...this.#request(file, [chunk]));
      },
    });
    results.push(...this.#commitPresent(named));
    const requests = this.#requests.take();
    this.#tellActivity();
    return { results, requests };
  }

  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number } {
    const files = this.#checkpoints.takeChanged((file) => !this.#resumption.isPending(file));
    this.#lateResults.push(...this.#sync(files));
    const durable = files.filter(({ settled }) => !settled);
    const updates: ResumeUpdate[] = [];
    try {
      if (durable.length > 0) this.#tree.sync();
      for (const file of durable) updates.push(...this.#checkpoints.updateOf(file, this.#keyOf(file)));
    } catch (error) {
      asFileFailure(error);
      for (const file of durable) this.#checkpoints.wrote(file, 0);
    }
    return { updates, durableBytes: this.progress.durableBytes + this.#checkpoints.recordedBytes };
  }

  finish(): WriterProgress & { deadPartials: DeadPartial[] } {
    if (!this.settled) throw new JetStreamError('internal', 'the transfer has entries without a result');
    this.#tree.sync();
    const { resumable, transferId, rootPath = '' } = this.#options;
    const deadPartials = resumable ? findDeadPartials(this.#tree, this.#handles, transferId, rootPath) : [];
    this.#directories.finish();
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
    file.record = { isStored: false, foundBytes: 0, durableBytes: 0, writtenBytes: 0 };
    this.#resumption.await(file);
    return { index: file.index, key: this.#keyOf(file) };
  }

  #isResumable({ size, settled, older }: TargetFile): boolean {
    return this.#options.resumable === true && !settled && size > BLOCK_BYTES && older?.mayDiffer !== false;
  }

  get #isInPlace(): boolean {
    return this.#options.overwrite?.startsWith('in-place') === true;
  }

  #keyOf({ directory, name }: TargetFile): string {
    return [this.#options.rootPath ?? '', ...componentsOf(directory, name)].join('/');
  }

  #addFile(index: number, entry: ManifestEntry, address: number, results: EntryResult[]): TargetFile {
    const { size, mtimeSeconds, mtimeNanoseconds, executable, sourceInode } = entry;
    const file: TargetFile = {
      index,
      address,
      size,
      directory: this.#tree.root,
      name: '',
      mtimeSeconds,
      mtimeNanoseconds,
      executable,
      permissions: this.#options.preserve ? entry.permissions : undefined,
      sourceInode,
      inPlace: false,
      older: undefined,
      isSame: false,
      refusal: undefined,
      digests: undefined,
      partial: undefined,
      record: undefined,
      settled: false,
    };
    // Also with a bad name it has its place among the bytes.
    if (size > 0) this.#blocks.add(file);
    try {
      const components = this.#options.resolve(entry.targetPath);
      // A copy: a part of a path would keep the whole of it in memory, a million times.
      file.name = Buffer.from(components.pop()!).toString();
      file.directory = this.#tree.claimFile([...components, file.name]);
      this.#unsettled.set(index, file);
      results.push(...this.#attempt(file, () => this.#lookAt(file)));
    } catch (error) {
      results.push(this.#fail(file, asFileFailure(error), entry.targetPath));
    }
    return file;
  }

  #lookAt(file: TargetFile): void {
    const { standing, approach } = this.#look.at(file);
    if (approach.does === 'receive') this.#prepare(file, standing, approach);
    else if (approach.does === 'skip') this.#skipUnread(file, standing!);
    else this.#refuse(file, approach);
  }

  #prepare(file: TargetFile, standing: FileStatus | undefined, approach: Receiving): void {
    file.inPlace = approach.inPlace;
    if (approach.compares) this.#older.compare(file, standing!, approach.mayDiffer);
    if (file.size > 0) {
      if (file.older !== undefined) this.#newPlans.push({ index: file.index, digestsFirst: true, have: [] });
    } else if (file.older?.equal === undefined) this.#complete(file);
    else this.#intake.takeSame(file);
  }

  /** What stands there is not to be replaced, unless it is the unfinished file itself of an earlier transfer: that its record tells. */
  #refuse(file: TargetFile, { code, what }: Refusal): void {
    const refusal = targetRefused(file, code, what);
    file.inPlace = this.#isInPlace;
    if (!this.#isInPlace || code !== 'already-exists' || !this.#isResumable(file)) throw refusal;
    file.refusal = refusal;
  }

  #skipUnread(file: TargetFile, standing: FileStatus): void {
    if (this.#permissions.differ(file, standing)) this.#partials.correct(file, standing);
    this.progress.presentBytes += file.size;
    this.progress.writtenBytes += file.size;
    this.#skip(file);
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
    const { index, size: bytes, directory, name, digests } = file;
    this.#tree.keep(directory);
    const target = `/${componentsOf(directory, name).join('/')}`;
    const record = this.#isResumable(file) && { recordKey: this.#keyOf(file) };
    const digest = digests?.fileDigest(this.#options.blake3) ?? NO_DIGEST;
    this.#settle(file);
    this.#present.push({ ...success('file', index, target), bytes, digest, skipped: true, ...record });
  }

  #addDirectory(index: number, { targetPath, ...entry }: ManifestEntry): EntryResult[] {
    try {
      const components = this.#options.resolve(targetPath);
      const directory = this.#tree.claimDirectory(components);
      this.#handles.attempt(() => this.#tree.open(directory));
      const permissions = this.#options.preserve ? entry.permissions : undefined;
      this.#directories.add(directory, { ...entry, permissions });
      this.#present.push(success('directory', index, `/${components.join('/')}`));
      return [];
    } catch (error) {
      const kind = 'directory';
      return [this.#failPresent({ index, kind, target: targetPath }, asFileFailure(error))];
    }
  }

  /** It was found to be there: at most its time and permissions are to be corrected. */
  #takeSame(file: TargetFile, standing: FileStatus): void {
    if (this.#look.hasSameTime(file, standing) && !this.#permissions.differ(file, standing)) {
      this.#skip(file);
      return;
    }
    file.inPlace = true;
    this.#partials.adopt(file, standing);
    this.#ready.push(file);
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
    for (const file of durable) if (!file.isSame) this.#readBack.add(file);
    const read = this.#readBack.goOn(READ_BACK_BYTES);
    for (const { file, wrong, failure } of read) {
      if (failure !== undefined) results.push(this.#fail(file, failure));
      else if (wrong.length > 0) results.push(...this.#sendAgain(file, wrong));
    }
    const right = read.filter(({ file, wrong }) => wrong.length === 0 && !file.settled);
    return [...durable.filter(({ isSame }) => isSame), ...right.map(({ file }) => file)];
  }

  /** What was written is not there: it is asked for once more. */
  #sendAgain(file: TargetFile, chunks: readonly number[]): EntryResult[] {
    const failed = this.#request(file, chunks);
    if (failed.length > 0) return failed;
    file.partial!.incomplete();
    for (const chunk of chunks) {
      const byteLength = bytesIn([[chunk, chunk + 1]], file.size);
      digestsOf(file).remove(chunk);
      this.#checkpoints.wrote(file, -byteLength);
      this.progress.writtenBytes -= byteLength;
    }
    return [];
  }

  #request(file: TargetFile, chunks: readonly number[]): EntryResult[] {
    const blocks = chunks.map((chunk) => Math.floor(file.address / BLOCK_BYTES) + chunk);
    if (!blocks.every((block) => this.#requests.takes(block)))
      return [this.#fail(file, digestMismatch(file))];
    for (const block of blocks) this.#requests.add(block, this.#blocks.filesIn(block).indexOf(file));
    return [];
  }

  /** Makes their content durable. */
  #sync(files: readonly TargetFile[]): EntryResult[] {
    return [...this.#partials.sync(files)].map(([file, error]) => this.#fail(file, error));
  }

  /** Gives times and permissions to durable files that were written in place, or were there, and makes these durable. */
  #stamp(files: readonly TargetFile[]): EntryResult[] {
    const results = files.flatMap((file) => this.#attempt(file, () => this.#partials.stamp(file)));
    return [...results, ...this.#sync(files.filter(({ settled }) => !settled))];
  }

  /** What a file fails of is its own. */
  #attempt(file: TargetFile, operation: () => void): EntryResult[] {
    if (file.settled) return [];
    try {
      operation();
      return [];
    } catch (error) {
      return [this.#fail(file, asFileFailure(error))];
    }
  }

  #succeed(file: TargetFile): EntryResult {
    const { index, size: bytes, directory, name, isSame: skipped } = file;
    const target = `/${componentsOf(directory, name).join('/')}`;
    const digest = digestsOf(file).fileDigest(this.#options.blake3);
    const record = file.record && { recordKey: this.#keyOf(file) };
    this.#settle(file);
    const result = { ...success('file', index, target), bytes, digest, skipped, ...record };
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
    const isKept = this.#resumption.isUnknown(file) || (this.#isKept(file) && CAUSES_THAT_PASS.has(code));
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
    this.#older.forget(file);
    this.#unsettled.delete(file.index);
    if (file.size > 0) this.#blocks.settle(file);
  }
}
