import type { Chunk } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { ChunkDigests } from './chunk-digests.ts';
import { bytesOf } from './chunk-runs.ts';
import type { Blake3 } from './digest.ts';
import { asFileFailure } from './errno.ts';
import type { FileStatus } from './file-system.ts';
import type { StandingFile, StandingFiles } from './standing-files.ts';
import { digestsOf, type TargetFile } from './target-file.ts';

/** A file that stands at a target, and may have chunks of the one that is to stand there. */
export interface OlderVersion extends StandingFile {
  /** It may be another one: otherwise, nothing but an equal file is let stand there. */
  readonly mayDiffer: boolean;
  /** Chunks found equal, as long as all may be so, and nothing is to be written. Undefined: it differs. */
  equal: ChunkDigests | undefined;
  equalBytes: number;
}

/** What becomes of chunks that had been found equal before the file was found to differ. */
export interface CopyOutcome {
  /** Read again, it is still the same. */
  copied(file: TargetFile, chunk: number, content: Uint8Array, digest: Uint8Array): void;
  /** It is not any more. */
  changed(file: TargetFile, chunk: number, byteLength: number): void;
}

interface Copying {
  readonly file: TargetFile;
  readonly equal: ChunkDigests;
  readonly chunks: Iterator<number>;
}

/**
 * Compares offered chunks with what stands at the target, at the same offset. As long as all agree, that is all: the file may turn out to be
 * the same. From the first that does not, those that agree are copied into the new file; those found until then are copied later, some
 * at a time.
 */
export class OlderVersions {
  readonly #files: StandingFiles;
  readonly #blake3: Blake3;
  readonly #copies: Copying[] = [];

  constructor(files: StandingFiles, blake3: Blake3) {
    this.#files = files;
    this.#blake3 = blake3;
  }

  /** Files with chunks that are still to be copied. */
  get copying(): number {
    return this.#copies.length;
  }

  /** @param standing the file that stands there */
  compare(file: TargetFile, standing: FileStatus, mayDiffer: boolean): void {
    const { directory, name, size } = file;
    const equal = standing.size === size ? new ChunkDigests(size) : undefined;
    file.older = { directory, name, status: standing, mayDiffer, equal, equalBytes: 0 };
  }

  /**
   * A chunk of the new file, by its digest.
   * @returns its content, when the older version has it, valid until the next call
   */
  find(
    { older }: TargetFile,
    { offsetInFile, byteLength }: Chunk,
    digest: Uint8Array,
  ): Uint8Array | undefined {
    if (older === undefined) return undefined;
    try {
      return this.#files.matching(older, offsetInFile, byteLength, digest);
    } catch (error) {
      // It is only that it would have saved sending it.
      asFileFailure(error);
      return undefined;
    }
  }

  /** The older version has no content there either. */
  hasHole({ older, size }: TargetFile, firstChunk: number, chunks: number): boolean {
    try {
      const end = Math.min(size, (firstChunk + chunks) * BLOCK_BYTES);
      return this.#files.firstContent(older!, firstChunk * BLOCK_BYTES, end) === undefined;
    } catch (error) {
      asFileFailure(error);
      return false;
    }
  }

  /** Nobody changed it since it was looked at. */
  isUnchanged({ older }: TargetFile): boolean {
    try {
      return this.#files.isUnchanged(older!);
    } catch (error) {
      asFileFailure(error);
      return false;
    }
  }

  /** What was found equal is to be copied by and by. */
  copy(file: TargetFile, equal: ChunkDigests): void {
    this.#copies.push({ file, equal, chunks: equal.contentChunks() });
  }

  /** Copies about so many bytes. */
  goOn(maxBytes: number, { copied, changed }: CopyOutcome): void {
    let left = maxBytes;
    for (let copying = this.#copies[0]; copying !== undefined && left > 0; copying = this.#copies[0]) {
      const { file, equal, chunks } = copying;
      const next = file.settled ? undefined : chunks.next();
      if (next === undefined || next.done) {
        this.#copies.shift();
        continue;
      }
      const number = next.value;
      if (digestsOf(file).has(number)) continue;
      const offsetInFile = number * BLOCK_BYTES;
      const byteLength = bytesOf(number, file.size);
      const digest = equal.digestOf(this.#blake3, number);
      const content = this.find(file, { number, offsetInFile, offsetInBlock: 0, byteLength }, digest);
      left -= byteLength;
      if (content === undefined) changed(file, number, byteLength);
      else copied(file, number, content, digest);
    }
  }

  /** It has its result. */
  forget({ older }: TargetFile): void {
    if (older !== undefined) this.#files.close(older);
  }
}
