import type { Chunk } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { Checkpoints } from './checkpoint.ts';
import type { ChunkDigests } from './chunk-digests.ts';
import { bytesIn } from './chunk-runs.ts';
import type { FileStatus } from './file-system.ts';
import type { OlderVersions } from './older-versions.ts';
import type { PartialFiles } from './partial-files.ts';
import { ALREADY_EXISTS } from './standing-target.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import type { WriterProgress } from './tree-writer.ts';

export interface IntakeOutcome {
  /** It has all its content. */
  complete(file: TargetFile): void;
  /** All its content is in what stands at its target. */
  same(file: TargetFile, standing: FileStatus): void;
}

/** Takes the content of files as it comes, into their partial files: sent, as holes, or found in what stands at the target. */
export class ContentIntake {
  readonly #partials: PartialFiles;
  readonly #older: OlderVersions;
  readonly #checkpoints: Checkpoints;
  readonly #progress: WriterProgress;
  readonly #outcome: IntakeOutcome;

  /** @param progress is kept up to date */
  constructor(
    partials: PartialFiles,
    older: OlderVersions,
    checkpoints: Checkpoints,
    progress: WriterProgress,
    outcome: IntakeOutcome,
  ) {
    this.#partials = partials;
    this.#older = older;
    this.#checkpoints = checkpoints;
    this.#progress = progress;
    this.#outcome = outcome;
  }

  /** Content that is what its digest says. */
  write(file: TargetFile, chunk: Chunk, content: Uint8Array, digest: Uint8Array): void {
    // It was sent before the sender knew of what stands here.
    if (file.older?.equal !== undefined && this.#takeFound(file, chunk, digest)) return;
    this.#partials.write(file, content, chunk.offsetInFile);
    this.#checkpoints.wrote(file, chunk.byteLength);
    this.found(file, chunk.number, chunk.byteLength, digest);
  }

  /** @returns false: it is not there */
  takeOffered(file: TargetFile, chunk: Chunk, digest: Uint8Array): boolean {
    if (file.older === undefined) return false;
    // There is an unfinished file to go on with, and so one to copy into.
    if (file.partial !== undefined) this.#differs(file);
    return this.#takeFound(file, chunk, digest);
  }

  /** Chunks that are zeros. */
  addHoles(file: TargetFile, firstChunk: number, chunks: number): void {
    const equal = file.older?.equal;
    if (equal !== undefined) {
      if (this.#older.hasHole(file, firstChunk, chunks)) {
        const byteLength = bytesIn(equal.addZeros(firstChunk, chunks), file.size);
        this.#progress.presentBytes += byteLength;
        this.#foundEqual(file, equal, byteLength);
        return;
      }
      this.#differs(file);
    }
    const digests = digestsOf(file);
    const added = digests.addZeros(firstChunk, chunks);
    for (const run of added) {
      const byteLength = bytesIn([run], file.size);
      this.#partials.makeHole(file, run[0] * BLOCK_BYTES, byteLength);
      this.#progress.writtenBytes += byteLength;
      this.#checkpoints.wrote(file, byteLength);
    }
    if (added.length > 0 && digests.complete) this.#outcome.complete(file);
  }

  /** A chunk that is in the partial file. */
  found(file: TargetFile, number: number, byteLength: number, digest: Uint8Array): void {
    const digests = digestsOf(file);
    digests.add(number, digest);
    this.#progress.writtenBytes += byteLength;
    if (digests.complete) this.#outcome.complete(file);
  }

  /** A chunk that was found equal, and is copied now. */
  copied(file: TargetFile, chunk: number, content: Uint8Array, digest: Uint8Array): void {
    const digests = digestsOf(file);
    this.#partials.write(file, content, chunk * BLOCK_BYTES);
    this.#checkpoints.wrote(file, content.byteLength);
    digests.add(chunk, digest);
    if (digests.complete) this.#outcome.complete(file);
  }

  /** All of it was found in what stands there: at most its time and permissions are to be corrected. */
  takeSame(file: TargetFile): void {
    const { status, equal } = file.older!;
    if (!this.#older.isUnchanged(file)) {
      if (file.inPlace)
        throw targetRefused(file, 'io-error', 'somebody wrote to it meanwhile; run the copy again');
      this.#differs(file);
      return;
    }
    file.older!.equal = undefined;
    file.digests = equal;
    file.isSame = true;
    this.#outcome.same(file, status);
  }

  #takeFound(file: TargetFile, chunk: Chunk, digest: Uint8Array): boolean {
    const { number, offsetInFile, byteLength } = chunk;
    const content = this.#older.find(file, chunk, digest);
    if (content === undefined) {
      this.#differs(file);
      return false;
    }
    this.#progress.presentBytes += byteLength;
    const equal = file.older?.equal;
    if (equal !== undefined) {
      equal.add(number, digest);
      this.#foundEqual(file, equal, byteLength);
      return true;
    }
    if (!file.inPlace) this.#partials.write(file, content, offsetInFile);
    this.#checkpoints.wrote(file, byteLength);
    this.found(file, number, byteLength, digest);
    return true;
  }

  #foundEqual(file: TargetFile, equal: ChunkDigests, byteLength: number): void {
    file.older!.equalBytes += byteLength;
    this.#progress.writtenBytes += byteLength;
    if (equal.complete) this.takeSame(file);
  }

  /** What stands there is not the same. What of it is, is had all the same: in place as it is, else once it is copied. */
  #differs(file: TargetFile): void {
    const { older } = file;
    if (older?.equal === undefined) return;
    const { equal, equalBytes } = older;
    if (!older.mayDiffer) throw targetRefused(file, ALREADY_EXISTS.code, ALREADY_EXISTS.what);
    older.equal = undefined;
    if (equalBytes === 0) return;
    if (file.inPlace) {
      file.digests = equal;
      this.#checkpoints.wrote(file, equalBytes);
      return;
    }
    for (const [from, end] of equal.holes) digestsOf(file).addZeros(from, end - from);
    this.#older.copy(file, equal);
  }
}
