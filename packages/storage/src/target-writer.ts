import { BlockIndex, type BlockRun, escapeName, type ManifestEntry } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { BlockIntake } from './block-intake.ts';
import { BlockRequests } from './block-requests.ts';
import { Checkpoints } from './checkpoints.ts';
import { ChunkReader } from './chunk-reader.ts';
import { ContentIntake } from './content-intake.ts';
import { findDeadPartials, removeDeadPartials } from './dead-partials.ts';
import { FileCommit } from './file-commit.ts';
import { HandleCache } from './handle-cache.ts';
import { MadeDirectories } from './made-directories.ts';
import { ManifestIntake } from './manifest-intake.ts';
import { OlderVersions } from './older-versions.ts';
import { PartialFiles } from './partial-files.ts';
import { TargetPermissions } from './permissions.ts';
import { ReadBack } from './read-back.ts';
import { pathInSystem } from './record-path.ts';
import type { DeadPartial, ResumeAnswer, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { Resumption } from './resumption.ts';
import { Settlement } from './settlement.ts';
import { StandingFiles } from './standing-files.ts';
import { TargetClaims } from './target-claims.ts';
import type { TargetFile } from './target-file.ts';
import { TargetLook } from './target-look.ts';
import { TargetTree } from './target-tree.ts';
import type { EntryPlan, EntryResult, TreeWriter, TreeWriterOptions } from './tree-writer.ts';
import { Volumes } from './volumes.ts';
import { NO_PROGRESS, type WriterActivity, type WriterProgress } from './writer-progress.ts';

/** The one implementation of `TreeWriter` that writes. What it consists of is told here; each part does its own. */
export class TargetWriter implements TreeWriter {
  readonly #options: TreeWriterOptions;
  readonly #progress: WriterProgress = { ...NO_PROGRESS };
  readonly #manifest: ManifestIntake;
  readonly #blocks = new BlockIndex<TargetFile>();
  readonly #requests = new BlockRequests(this.#blocks);
  readonly #handles: HandleCache;
  readonly #volumes = new Volumes();
  readonly #tree: TargetTree;
  readonly #resumption: Resumption;
  readonly #settlement: Settlement;
  readonly #checkpoints: Checkpoints;
  readonly #older: OlderVersions;
  readonly #readBack: ReadBack | undefined;
  readonly #commit: FileCommit;
  readonly #content: ContentIntake;
  readonly #arriving: BlockIntake;
  readonly #claims: TargetClaims;
  readonly #directories: MadeDirectories;

  constructor(options: TreeWriterOptions) {
    const { fileSystem, blake3, transferId, maxOpenHandles = 32, readBack } = options;
    const { umask = process.umask(), uid = process.geteuid?.() } = options;
    const { overwrite = 'partfile-always', skip = 'by-status' } = options;
    const progress = this.#progress;
    const handles = new HandleCache(maxOpenHandles);
    const tree = new TargetTree(fileSystem, this.#volumes, handles);
    const permissions = new TargetPermissions(umask, options.owners);
    const partials = new PartialFiles(tree, this.#volumes, handles, {
      transferId,
      uid,
      overwrite,
      permissions,
    });
    const look = new TargetLook(tree, handles, permissions, { overwrite, skip, transferId });
    const reader = new ChunkReader(blake3);
    const resumption = new Resumption(partials, reader);
    const settlement = new Settlement(partials, resumption, blake3, progress, (file) => this.#forget(file));
    const sendAgain = (file: TargetFile, chunks: readonly number[]) => this.#content.sendAgain(file, chunks);
    const again = readBack ? new ReadBack(partials, reader, blake3, settlement, sendAgain) : undefined;
    const commit = new FileCommit(tree, look, partials, again, settlement, progress);
    const older = new OlderVersions(new StandingFiles(tree, handles, reader), blake3);
    const checkpoints = new Checkpoints(tree, partials, resumption, settlement, progress);
    const content = new ContentIntake(
      partials,
      older,
      checkpoints,
      this.#requests,
      commit,
      settlement,
      progress,
    );
    const blocks = this.#blocks;
    this.#options = options;
    this.#manifest = new ManifestIntake(options.maxEntries);
    this.#handles = handles;
    this.#tree = tree;
    this.#resumption = resumption;
    this.#settlement = settlement;
    this.#checkpoints = checkpoints;
    this.#older = older;
    this.#readBack = again;
    this.#commit = commit;
    this.#content = content;
    this.#arriving = new BlockIntake(blocks, content, resumption, this.#requests, settlement, blake3);
    const claimed = { blocks, older, content, commit, settlement };
    this.#claims = new TargetClaims(tree, look, claimed, { ...options, overwrite });
    this.#directories = new MadeDirectories(tree, handles, permissions, commit, settlement, options);
  }

  get progress(): Readonly<WriterProgress> {
    this.#progress.activity = this.#activity;
    return this.#progress;
  }

  get readyEntries(): number {
    const { waiting } = this.#requests;
    return this.#commit.waiting + this.#older.copying + waiting + this.#settlement.untold;
  }

  get settled(): boolean {
    return this.#manifest.hasEnded && this.#settlement.open + this.#commit.present === 0;
  }

  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[]; lookups: ResumeLookup[] } {
    const lookups: ResumeLookup[] = [];
    for (const { index, entry, address } of this.#manifest.take(firstIndex, entries)) {
      if (entry.kind === 'directory') {
        this.#directories.add(index, entry);
        continue;
      }
      const file = this.#claims.add(index, entry, address);
      if (file.settled || file.record === undefined) continue;
      this.#resumption.await(file);
      lookups.push({ index, key: file.record.key });
    }
    // At once: the sender is not to begin with what is skipped.
    if (this.#commit.hasSkipped) this.#commit.syncNames();
    return { sealedBlocks: this.#manifest.takeSealed(), results: this.#settlement.take(), lookups };
  }

  endManifest(entries: number): { sealedBlocks: BlockRun[] } {
    this.#manifest.end(entries);
    return { sealedBlocks: this.#manifest.takeSealed() };
  }

  resume(answers: readonly ResumeAnswer[]): void {
    for (const { index, record, recordable } of answers) {
      const file = this.#settlement.fileOf(index);
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
    const { plans, notes, more } = this.#resumption.goOn(maxBytes, {
      found: (file, chunk, byteLength, digest) =>
        this.#settlement.attempt(file, () => this.#content.found(file, chunk, byteLength, digest)),
      known: (file) => {
        const { refusal, partial } = file;
        if (refusal !== undefined && partial === undefined) this.#settlement.fail(file, refusal);
      },
    });
    plans.push(...this.#claims.takePlans());
    const plannedBlocks = Math.min(this.#manifest.wholeBlocks, this.#resumption.firstUnknownBlock);
    return { plans, plannedBlocks, results: this.#settlement.take(), notes, more };
  }

  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses?: Uint8Array | undefined,
  ): { wantedChunks: number[]; again: boolean; results: EntryResult[] } {
    const wanted = this.#arriving.write(block, bytes, digests, uses);
    return { ...wanted, results: this.#settlement.take() };
  }

  addHoles(index: number, firstChunk: number, chunks: number): { results: EntryResult[] } {
    this.#manifest.checkIndex(index);
    this.#arriving.addHoles(index, firstChunk, chunks);
    return { results: this.#settlement.take() };
  }

  failEntry(index: number, code: ErrorCode, message: string): EntryResult[] {
    this.#manifest.checkIndex(index);
    const file = this.#settlement.fileOf(index);
    if (file !== undefined) this.#settlement.fail(file, { code, message: escapeName(message) });
    return this.#settlement.take();
  }

  commitReady(maxFiles = Number.POSITIVE_INFINITY): {
    results: EntryResult[];
    requests: { block: number; chunks: number[] }[];
  } {
    this.#commit.goOn(maxFiles);
    this.#content.copyOn();
    return { results: this.#settlement.take(), requests: this.#requests.take() };
  }

  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number } {
    const updates = this.#checkpoints.take();
    return { updates, durableBytes: this.#checkpoints.durableBytes };
  }

  finish(): WriterProgress & { deadPartials: DeadPartial[] } {
    if (!this.settled) throw new JetStreamError('internal', 'the transfer has entries without a result');
    this.#tree.sync();
    const { resumable, transferId, pathOf = pathInSystem } = this.#options;
    const deadPartials = resumable ? findDeadPartials(this.#tree, this.#handles, transferId, pathOf) : [];
    this.#directories.finish();
    this.#close();
    return { ...this.progress, deadPartials };
  }

  removeDead(partials: readonly DeadPartial[]): void {
    removeDeadPartials(this.#options.fileSystem, this.#options.transferId, partials);
  }

  suspend(): ResumeUpdate[] {
    const updates = this.#checkpoints.take();
    this.#settlement.keep();
    this.abort();
    return updates;
  }

  abort(): void {
    this.#settlement.drop();
    this.#close();
  }

  /** What the next calls will take their time for. */
  get #activity(): WriterActivity | undefined {
    if (this.#resumption.isChecking) return 'checking';
    if (this.#readBack !== undefined && this.#readBack.files > 0) return 'reading-back';
    return this.readyEntries > 0 ? 'syncing' : undefined;
  }

  /** It has its result. */
  #forget(file: TargetFile): void {
    this.#checkpoints.forget(file);
    this.#resumption.forget(file);
    this.#readBack?.forget(file);
    this.#older.forget(file);
    if (file.size > 0) this.#blocks.settle(file);
  }

  #close(): void {
    this.#handles.closeAll();
    this.#volumes.closeAll();
  }
}
