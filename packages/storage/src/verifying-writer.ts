import {
  BlockIndex,
  type BlockRun,
  type Chunk,
  chunkCount,
  displayPath,
  escapeName,
  type ManifestEntry,
  type Placed,
} from '@jetstream/manifest';
import { BLOCK_BYTES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { arrivedChunks } from './arrived-chunk.ts';
import { ChunkDigests } from './chunk-digests.ts';
import { ChunkReader } from './chunk-reader.ts';
import { bytesIn, bytesOf } from './chunk-runs.ts';
import { zeroChunkDigest } from './digest.ts';
import { failure, success } from './entry-result.ts';
import { asFileFailure } from './errno.ts';
import { HandleCache } from './handle-cache.ts';
import { ManifestIntake } from './manifest-intake.ts';
import type { DeadPartial, ResumeLookup, ResumeUpdate } from './resume-record.ts';
import { type StandingFile, StandingFiles } from './standing-files.ts';
import { TargetTree } from './target-tree.ts';
import type { EntryPlan, EntryResult, TreeWriter, TreeWriterOptions } from './tree-writer.ts';
import { violation } from './violation.ts';
import { Volumes } from './volumes.ts';
import { NO_PROGRESS, type WriterProgress } from './writer-progress.ts';

/** A file that is compared with one of the same size. */
interface ComparedFile extends Placed {
  readonly index: number;
  target: string;
  readonly digests: ChunkDigests;
  /** Undefined: there is none such. */
  standing: StandingFile | undefined;
  settled: boolean;
}

/** Chunks that are holes at the source and are to be looked at here. */
interface HoleToCheck {
  readonly file: ComparedFile;
  chunk: number;
  readonly end: number;
}

/** Of holes that are content here, looked at in one go. */
const HOLE_CHUNKS_AT_ONCE = 64;

/**
 * Compares what stands at the targets with what the sender offers. It reads, and makes and changes nothing: a file is `none` when its content is
 * there, else `not-found` or `content-differs`.
 */
export class VerifyingWriter implements TreeWriter {
  readonly progress: WriterProgress = { ...NO_PROGRESS };
  readonly #options: TreeWriterOptions;
  readonly #manifest: ManifestIntake;
  readonly #blocks = new BlockIndex<ComparedFile>();
  readonly #handles: HandleCache;
  readonly #tree: TargetTree;
  readonly #standing: StandingFiles;
  readonly #unsettled = new Map<number, ComparedFile>();
  readonly #holes: HoleToCheck[] = [];

  constructor(options: TreeWriterOptions) {
    this.#options = options;
    this.#manifest = new ManifestIntake(options.maxEntries);
    this.#handles = new HandleCache(options.maxOpenHandles ?? 32);
    this.#tree = new TargetTree(options.fileSystem, new Volumes(), this.#handles);
    this.#standing = new StandingFiles(this.#tree, this.#handles, new ChunkReader(options.blake3));
  }

  get readyEntries(): number {
    return this.#holes.length;
  }

  get settled(): boolean {
    return this.#manifest.hasEnded && this.#unsettled.size === 0;
  }

  addEntries(
    firstIndex: number,
    entries: readonly ManifestEntry[],
  ): { sealedBlocks: BlockRun[]; results: EntryResult[]; lookups: ResumeLookup[] } {
    const results: EntryResult[] = [];
    for (const { index, entry, address } of this.#manifest.take(firstIndex, entries)) {
      const file: ComparedFile = {
        index,
        address,
        size: entry.size,
        target: entry.targetPath,
        digests: new ChunkDigests(entry.size),
        standing: undefined,
        settled: false,
      };
      if (entry.size > 0) this.#blocks.add(file);
      try {
        const components = this.#options.resolve(entry.targetPath);
        file.target = `/${components.join('/')}`;
        if (entry.kind === 'directory') {
          this.#findDirectory(components);
          results.push(present('directory', file));
          continue;
        }
        file.standing = this.#findFile(file, components);
        if (entry.size === 0) results.push(this.#succeed(file));
        else this.#unsettled.set(index, file);
      } catch (error) {
        results.push(this.#fail(file, asFileFailure(error), entry.kind));
      }
    }
    return { sealedBlocks: this.#manifest.takeSealed(), results, lookups: [] };
  }

  endManifest(entries: number): { sealedBlocks: BlockRun[] } {
    this.#manifest.end(entries);
    return { sealedBlocks: this.#manifest.takeSealed() };
  }

  resume(): void {}

  /** The sender of a transfer that verifies offers all that it has. */
  plan(): {
    plans: EntryPlan[];
    plannedBlocks: number;
    results: EntryResult[];
    notes: string[];
    more: boolean;
  } {
    const plannedBlocks = this.#manifest.wholeBlocks;
    return { plans: [], plannedBlocks, results: [], notes: [], more: false };
  }

  writeBlock(
    block: number,
    bytes: Uint8Array,
    digests: Uint8Array,
    uses?: Uint8Array | undefined,
  ): { wantedChunks: number[]; again: boolean; results: EntryResult[] } {
    const files = this.#blocks.filesIn(block);
    const results: EntryResult[] = [];
    const arrived = files.length === 0 ? [] : arrivedChunks(files, block, bytes, digests, uses);
    for (const { file, chunk, digest } of arrived) results.push(...this.#compare(file, chunk, digest));
    return { wantedChunks: [], again: false, results };
  }

  addHoles(index: number, firstChunk: number, chunks: number): { results: EntryResult[] } {
    this.#manifest.checkIndex(index);
    const file = this.#unsettled.get(index);
    if (file === undefined) return { results: [] };
    const end = firstChunk + chunks;
    if (end > chunkCount(file)) throw violation(`a hole lies outside of entry ${index}`);
    this.#holes.push({ file, chunk: firstChunk, end });
    return { results: [] };
  }

  failEntry(index: number, code: ErrorCode, message: string): EntryResult[] {
    this.#manifest.checkIndex(index);
    const file = this.#unsettled.get(index);
    if (file === undefined) return [];
    return [this.#fail(file, new JetStreamError(code, escapeName(message)), 'file')];
  }

  /** Nothing is to be made durable; but holes may be content here, which takes its time. */
  commitReady(): { results: EntryResult[]; requests: [] } {
    const results: EntryResult[] = [];
    for (let chunks = 0; chunks < HOLE_CHUNKS_AT_ONCE && this.#holes.length > 0; chunks++) {
      results.push(...this.#checkHole(this.#holes[0]!));
    }
    return { results, requests: [] };
  }

  checkpoint(): { updates: ResumeUpdate[]; durableBytes: number } {
    return { updates: [], durableBytes: this.progress.durableBytes };
  }

  finish(): WriterProgress & { deadPartials: DeadPartial[] } {
    if (!this.settled) throw new JetStreamError('internal', 'the transfer has entries without a result');
    this.#handles.closeAll();
    return { ...this.progress, deadPartials: [] };
  }

  removeDead(): void {}

  suspend(): ResumeUpdate[] {
    this.abort();
    return [];
  }

  abort(): void {
    this.#unsettled.clear();
    this.#handles.closeAll();
  }

  #findDirectory(components: readonly string[]): void {
    const directory = this.#tree.claimDirectory(components);
    this.#tree.openFound(directory);
  }

  /** @throws JetStreamError when it is not there, or cannot have that content */
  #findFile({ size, target }: ComparedFile, components: readonly string[]): StandingFile {
    const directory = this.#tree.claimFile(components);
    const name = components.at(-1)!;
    const status = this.#tree.openFound(directory).status(name);
    const shown = displayPath(components);
    if (status === undefined)
      throw new JetStreamError('not-found', `${shown} is not there`, { subject: target });
    if (status.kind === 'directory') {
      throw new JetStreamError('is-a-directory', `${shown} is a directory`, { subject: target });
    }
    if (status.kind !== 'file') throw differs({ target }, 'it is no file');
    if (status.size !== size) throw differs({ target }, `it has ${status.size} bytes, not ${size}`);
    return { directory, name, status };
  }

  #compare(
    file: ComparedFile,
    { number, offsetInFile, byteLength }: Chunk,
    digest: Uint8Array,
  ): EntryResult[] {
    if (file.settled || file.digests.has(number)) return [];
    return this.#tried(file, () => {
      if (this.#standing.matching(file.standing!, offsetInFile, byteLength, digest) === undefined) {
        throw differs(
          file,
          `its content differs between bytes ${offsetInFile} and ${offsetInFile + byteLength}`,
        );
      }
      file.digests.add(number, digest);
      this.#count(byteLength);
    });
  }

  /** As far as it is a hole here too, or one chunk. */
  #checkHole(hole: HoleToCheck): EntryResult[] {
    const { file, chunk, end } = hole;
    const position = chunk * BLOCK_BYTES;
    return this.#tried(file, () => {
      const endPosition = Math.min(end * BLOCK_BYTES, file.size);
      const content = file.settled
        ? undefined
        : this.#standing.firstContent(file.standing!, position, endPosition);
      const isHere = content === undefined || content >= position + BLOCK_BYTES;
      hole.chunk = content === undefined ? end : Math.max(chunk + 1, Math.floor(content / BLOCK_BYTES));
      if (hole.chunk === end) this.#holes.shift();
      if (file.settled) return;
      const byteLength = bytesOf(chunk, file.size);
      const zeros = zeroChunkDigest(this.#options.blake3, byteLength);
      if (!isHere && this.#standing.matching(file.standing!, position, byteLength, zeros) === undefined) {
        throw differs(
          file,
          `it has content between bytes ${position} and ${position + byteLength}, where there is a hole`,
        );
      }
      this.#count(bytesIn(file.digests.addZeros(chunk, hole.chunk - chunk), file.size));
    });
  }

  /** Its result, if it has one now. */
  #tried(file: ComparedFile, step: () => void): EntryResult[] {
    try {
      step();
      return !file.settled && file.digests.complete ? [this.#succeed(file)] : [];
    } catch (error) {
      return [this.#fail(file, asFileFailure(error), 'file')];
    }
  }

  #count(bytes: number): void {
    this.progress.writtenBytes += bytes;
    this.progress.presentBytes += bytes;
  }

  #succeed(file: ComparedFile): EntryResult {
    const digest = file.digests.fileDigest(this.#options.blake3);
    this.#settle(file);
    this.progress.filesDone++;
    this.progress.durableBytes += file.size;
    return { ...present('file', file), bytes: file.size, digest };
  }

  #fail(file: ComparedFile, { code, message }: JetStreamError, kind: EntryResult['kind']): EntryResult {
    if (kind === 'file') this.#settle(file);
    this.progress.failed++;
    return failure({ index: file.index, kind, target: file.target, code, message });
  }

  #settle(file: ComparedFile): void {
    file.settled = true;
    this.#unsettled.delete(file.index);
    if (file.standing !== undefined) this.#standing.close(file.standing);
    if (file.size > 0) this.#blocks.settle(file);
  }
}

function present(kind: EntryResult['kind'], { index, target }: ComparedFile): EntryResult {
  return { ...success(kind, index, target), skipped: true };
}

function differs({ target }: { target: string }, what: string): JetStreamError {
  const shown = displayPath(target.split('/').slice(1));
  return new JetStreamError('content-differs', `${shown}: ${what}`, { subject: target });
}
