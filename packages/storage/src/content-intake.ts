import type { Chunk } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { BlockRequests } from './block-requests.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { ChunkDigests } from './chunk-digests.ts';
import { bytesIn, bytesOf } from './chunk-runs.ts';
import { digestMismatch } from './entry-result.ts';
import type { FileCommit } from './file-commit.ts';
import type { OlderVersions } from './older-versions.ts';
import type { PartialFiles } from './partial-files.ts';
import type { Settlement } from './settlement.ts';
import { ALREADY_EXISTS } from './standing-target.ts';
import { digestsOf, type TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import type { WriterProgress } from './writer-progress.ts';

/** Found equal before a file was found to differ, and copied in one call at most. */
const COPIED_BYTES = 32 * 2 ** 20;

/** Takes the content of files as it comes, into their partial files: sent, as holes, or found in what stands at the target. */
export class ContentIntake {
  readonly #partials: PartialFiles;
  readonly #older: OlderVersions;
  readonly #checkpoints: Checkpoints;
  readonly #requests: BlockRequests;
  readonly #commit: FileCommit;
  readonly #settlement: Settlement;
  readonly #progress: WriterProgress;

  /** @param progress is kept up to date */
  constructor(
    partials: PartialFiles,
    older: OlderVersions,
    checkpoints: Checkpoints,
    requests: BlockRequests,
    commit: FileCommit,
    settlement: Settlement,
    progress: WriterProgress,
  ) {
    this.#partials = partials;
    this.#older = older;
    this.#checkpoints = checkpoints;
    this.#requests = requests;
    this.#commit = commit;
    this.#settlement = settlement;
    this.#progress = progress;
  }

  /** Content that is what its digest says. */
  write(file: TargetFile, chunk: Chunk, content: Uint8Array, digest: Uint8Array): void {
    // It was sent before the sender knew of what stands here.
    if (file.older?.equal !== undefined && this.#takeFound(file, chunk, digest)) return;
    this.#partials.write(file, content, chunk.offsetInFile);
    this.#checkpoints.wrote(file, chunk.byteLength);
    this.#has(file, chunk.number, chunk.byteLength, digest);
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
    if (added.length > 0 && digests.complete) this.#commit.complete(file);
  }

  /** A chunk that an earlier transfer left in the partial file. */
  found(file: TargetFile, chunk: number, byteLength: number, digest: Uint8Array): void {
    this.#checkpoints.found(file, byteLength);
    this.#progress.presentBytes += byteLength;
    this.#has(file, chunk, byteLength, digest);
  }

  /** Goes on to copy what was found equal. */
  copyOn(): void {
    this.#older.goOn(COPIED_BYTES, {
      copied: (file, chunk, content, digest) =>
        this.#settlement.attempt(file, () => this.#copied(file, chunk, content, digest)),
      changed: (file, chunk, byteLength) => {
        this.#progress.writtenBytes -= byteLength;
        this.#progress.presentBytes -= byteLength;
        this.#request(file, [chunk]);
      },
    });
  }

  /** What was written of a complete file is not there: it is asked for once more. */
  sendAgain(file: TargetFile, chunks: readonly number[]): void {
    if (!this.#request(file, chunks)) return;
    file.partial!.incomplete();
    for (const chunk of chunks) {
      const byteLength = bytesOf(chunk, file.size);
      digestsOf(file).remove(chunk);
      this.#checkpoints.wrote(file, -byteLength);
      this.#progress.writtenBytes -= byteLength;
    }
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
    this.#commit.same(file, status);
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
    this.#has(file, number, byteLength, digest);
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

  /** A chunk is in the partial file. */
  #has(file: TargetFile, chunk: number, byteLength: number, digest: Uint8Array): void {
    const digests = digestsOf(file);
    digests.add(chunk, digest);
    this.#progress.writtenBytes += byteLength;
    if (digests.complete) this.#commit.complete(file);
  }

  /** A chunk that counts already. */
  #copied(file: TargetFile, chunk: number, content: Uint8Array, digest: Uint8Array): void {
    const digests = digestsOf(file);
    this.#partials.write(file, content, chunk * BLOCK_BYTES);
    this.#checkpoints.wrote(file, content.byteLength);
    digests.add(chunk, digest);
    if (digests.complete) this.#commit.complete(file);
  }

  /** @returns false: no more can be asked for, and so it fails */
  #request(file: TargetFile, chunks: readonly number[]): boolean {
    const isRequested = this.#requests.add(file, chunks);
    if (!isRequested) this.#settlement.fail(file, digestMismatch(file));
    return isRequested;
  }
}
