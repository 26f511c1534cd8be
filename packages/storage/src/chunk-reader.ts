import { pageAlignedMemory } from '@jetstream/platform';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { type Blake3, hasDigest } from './digest.ts';
import { asFileFailure } from './errno.ts';
import type { OpenFile } from './file-system.ts';

/** Reads chunks of files and holds them against their digests, one at a time, in memory that is made for the first. */
export class ChunkReader {
  readonly #blake3: Blake3;
  #memory: Uint8Array | undefined;

  constructor(blake3: Blake3) {
    this.#blake3 = blake3;
  }

  /**
   * A part of a file, if that is what the digest says: what is returned is what was digested.
   * @returns valid until the next call; undefined: it has something else there
   * @throws JetStreamError when it cannot be read
   */
  matching(file: OpenFile, position: number, byteLength: number, digest: Uint8Array): Uint8Array | undefined {
    this.#memory ??= pageAlignedMemory(BLOCK_BYTES);
    const chunk = this.#memory.subarray(0, byteLength);
    if (file.read(chunk, position) < byteLength) return undefined;
    return hasDigest(this.#blake3, chunk, digest) ? chunk : undefined;
  }

  /** Whether a part of a file is what the digest says. What cannot be read is not. */
  matches(file: OpenFile, position: number, byteLength: number, digest: Uint8Array): boolean {
    try {
      return this.matching(file, position, byteLength, digest) !== undefined;
    } catch (error) {
      asFileFailure(error);
      return false;
    }
  }
}
