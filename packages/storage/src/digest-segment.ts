import { DIGEST_BYTES } from '@jetstream/protocol';

/** Chunks of a segment, which is what a resume record is written in: 1 GiB of a file. */
export const SEGMENT_CHUNKS = 1024;
const BITMAP_BYTES = SEGMENT_CHUNKS / 8;

/** Which of some neighbouring chunks are there, and their digests. Memory for those that are there only. */
export class DigestSegment {
  /** Since it was last written down. */
  hasChanged = false;
  readonly #bitmap: Uint8Array;
  /** In order of the chunks. */
  #digests = new Uint8Array(DIGEST_BYTES);
  #count = 0;
  /** No chunk from here on is there. */
  #end = 0;

  /** @param chunks that it may have, up to `SEGMENT_CHUNKS` */
  constructor(chunks: number) {
    this.#bitmap = new Uint8Array(Math.ceil(chunks / 8));
  }

  get count(): number {
    return this.#count;
  }

  /** One after the other; a view. */
  get digests(): Uint8Array {
    return this.#digests.subarray(0, this.#count * DIGEST_BYTES);
  }

  has(chunk: number): boolean {
    return (this.#bitmap[chunk >> 3]! & (1 << (chunk & 7))) !== 0;
  }

  /** A view, of a chunk that is there. */
  digestOf(chunk: number): Uint8Array {
    const at = this.#rank(chunk) * DIGEST_BYTES;
    return this.#digests.subarray(at, at + DIGEST_BYTES);
  }

  /** A chunk that was not there. */
  add(chunk: number, digest: Uint8Array): void {
    const end = this.#count * DIGEST_BYTES;
    if (end === this.#digests.byteLength) {
      const grown = new Uint8Array(end * 2);
      grown.set(this.#digests);
      this.#digests = grown;
    }
    const at = this.#rank(chunk) * DIGEST_BYTES;
    this.#digests.copyWithin(at + DIGEST_BYTES, at, end);
    this.#digests.set(digest, at);
    this.#bitmap[chunk >> 3]! |= 1 << (chunk & 7);
    this.#count++;
    this.#end = Math.max(this.#end, chunk + 1);
    this.hasChanged = true;
  }

  /** A chunk that is there. */
  remove(chunk: number): void {
    const at = this.#rank(chunk) * DIGEST_BYTES;
    this.#digests.copyWithin(at, at + DIGEST_BYTES, this.#count * DIGEST_BYTES);
    this.#bitmap[chunk >> 3]! &= ~(1 << (chunk & 7));
    this.#count--;
    this.hasChanged = true;
  }

  /** As in a resume record: 128 bytes of bits (chunk i is bit i mod 8, from the lowest, of byte i/8), then the digests of those set. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(BITMAP_BYTES + this.#count * DIGEST_BYTES);
    bytes.set(this.#bitmap);
    bytes.set(this.digests, BITMAP_BYTES);
    return bytes;
  }

  /** For each chunk of the segment its digest, or the one that stands in its place in `others`. */
  digestsAmong(others: Uint8Array): Uint8Array {
    const all = others.slice();
    let at = 0;
    for (let chunk = 0; chunk < this.#end; chunk++) {
      if (!this.has(chunk)) continue;
      all.set(this.#digests.subarray(at, at + DIGEST_BYTES), chunk * DIGEST_BYTES);
      at += DIGEST_BYTES;
    }
    return all;
  }

  #rank(chunk: number): number {
    // They come nearly in order.
    if (chunk >= this.#end) return this.#count;
    let count = bits(this.#bitmap[chunk >> 3]! & ((1 << (chunk & 7)) - 1));
    for (let at = chunk >> 3; --at >= 0; ) count += bits(this.#bitmap[at]!);
    return count;
  }
}

/**
 * Chunks and digests of an encoded segment.
 * @returns undefined for what is no segment
 */
export function decodeSegment(bytes: Uint8Array): { chunk: number; digest: Uint8Array }[] | undefined {
  if (bytes.byteLength < BITMAP_BYTES) return undefined;
  const found: { chunk: number; digest: Uint8Array }[] = [];
  let at = BITMAP_BYTES;
  for (let chunk = 0; chunk < SEGMENT_CHUNKS; chunk++) {
    if ((bytes[chunk >> 3]! & (1 << (chunk & 7))) === 0) continue;
    found.push({ chunk, digest: bytes.subarray(at, at + DIGEST_BYTES) });
    at += DIGEST_BYTES;
  }
  return at === bytes.byteLength ? found : undefined;
}

function bits(byte: number): number {
  let count = 0;
  for (let left = byte; left !== 0; left &= left - 1) count++;
  return count;
}
