import { DIGEST_BYTES } from '@jetstream/protocol';
import { type Blake3, fileDigest } from './digest.ts';

/**
 * Collects the digests of a file's chunks as they arrive, in any order. Memory follows the chunks that came, not the size that
 * the sender claims.
 */
export class ChunkDigests {
  readonly #total: number;
  #inOrder = new Uint8Array(DIGEST_BYTES);
  #inOrderCount = 0;
  readonly #early = new Map<number, Uint8Array>();

  constructor(totalChunks: number) {
    this.#total = totalChunks;
  }

  has(chunk: number): boolean {
    return chunk < this.#inOrderCount || this.#early.has(chunk);
  }

  get complete(): boolean {
    return this.#inOrderCount === this.#total;
  }

  /** A chunk that was not there yet. */
  add(chunk: number, digest: Uint8Array): void {
    if (chunk === this.#inOrderCount) this.#append(digest);
    else this.#early.set(chunk, digest.slice());
    for (let next = this.#takeEarly(); next !== undefined; next = this.#takeEarly()) this.#append(next);
  }

  /** Of the file; only when complete. */
  fileDigest(blake3: Blake3): Uint8Array {
    return fileDigest(blake3, this.#inOrder.subarray(0, this.#inOrderCount * DIGEST_BYTES));
  }

  #takeEarly(): Uint8Array | undefined {
    if (this.#early.size === 0) return undefined;
    const digest = this.#early.get(this.#inOrderCount);
    this.#early.delete(this.#inOrderCount);
    return digest;
  }

  #append(digest: Uint8Array): void {
    const end = this.#inOrderCount * DIGEST_BYTES;
    if (end === this.#inOrder.byteLength) {
      const grown = new Uint8Array(end * 2);
      grown.set(this.#inOrder);
      this.#inOrder = grown;
    }
    this.#inOrder.set(digest, end);
    this.#inOrderCount++;
  }
}
