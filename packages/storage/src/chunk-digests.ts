import { BLOCK_BYTES, DIGEST_BYTES } from '@jetstream/protocol';
import { bytesOf, type ChunkRun, ChunkRuns } from './chunk-runs.ts';
import { type Blake3, zeroChunkDigest } from './digest.ts';
import { DigestSegment, SEGMENT_CHUNKS } from './digest-segment.ts';

const NOTHING = new Uint8Array(0);

/**
 * Which chunks of a file are there, and their digests, in whatever order they come. Memory follows the content that came and the number of
 * holes, neither the size that the sender claims nor that of the holes.
 */
export class ChunkDigests {
  readonly #size: number;
  readonly #total: number;
  readonly #segments = new Map<number, DigestSegment>();
  /** Chunks that came as holes: their digests are known. */
  #zeros: ChunkRuns | undefined;
  #count = 0;

  /** @param size of the file, bytes */
  constructor(size: number) {
    this.#size = size;
    this.#total = Math.ceil(size / BLOCK_BYTES);
  }

  get complete(): boolean {
    return this.#count === this.#total;
  }

  has(chunk: number): boolean {
    const segment = this.#segments.get(Math.floor(chunk / SEGMENT_CHUNKS));
    return segment?.has(chunk % SEGMENT_CHUNKS) === true || this.#zeros?.has(chunk) === true;
  }

  /** Of a chunk that is there: it came as one. */
  isHole(chunk: number): boolean {
    return this.#zeros?.has(chunk) === true;
  }

  get hasHoles(): boolean {
    return this.#zeros !== undefined;
  }

  get holes(): readonly ChunkRun[] {
    return [...(this.#zeros ?? [])];
  }

  /** Those that came as content, ascending. */
  *contentChunks(): Generator<number> {
    for (const number of [...this.#segments.keys()].sort((a, b) => a - b)) {
      const segment = this.#segments.get(number)!;
      for (let chunk = 0; chunk < this.#chunksIn(number); chunk++) {
        if (segment.has(chunk)) yield number * SEGMENT_CHUNKS + chunk;
      }
    }
  }

  /** Of a chunk that is there; a view. */
  digestOf(blake3: Blake3, chunk: number): Uint8Array {
    const segment = this.#segments.get(Math.floor(chunk / SEGMENT_CHUNKS));
    if (segment?.has(chunk % SEGMENT_CHUNKS)) return segment.digestOf(chunk % SEGMENT_CHUNKS);
    return zeroChunkDigest(blake3, bytesOf(chunk, this.#size));
  }

  /** A chunk that was not there. */
  add(chunk: number, digest: Uint8Array): void {
    const number = Math.floor(chunk / SEGMENT_CHUNKS);
    let segment = this.#segments.get(number);
    if (segment === undefined) {
      segment = new DigestSegment(this.#chunksIn(number));
      this.#segments.set(number, segment);
    }
    segment.add(chunk % SEGMENT_CHUNKS, digest);
    this.#count++;
  }

  /**
   * Chunks that are zeros; those of them that are there stay as they are.
   * @returns those that were not there
   */
  addZeros(first: number, count: number): ChunkRun[] {
    this.#zeros ??= new ChunkRuns();
    const zeros = this.#zeros;
    const added = this.#withoutContent(first, first + count).flatMap((run) => zeros.add(run));
    for (const [from, end] of added) this.#count += end - from;
    return added;
  }

  /** A chunk that is there is wrong, it turns out. */
  remove(chunk: number): void {
    const segment = this.#segments.get(Math.floor(chunk / SEGMENT_CHUNKS));
    if (segment?.has(chunk % SEGMENT_CHUNKS)) segment.remove(chunk % SEGMENT_CHUNKS);
    else this.#zeros!.remove(chunk);
    this.#count--;
  }

  /** Segments with content that changed since the last call, encoded. Holes are in none: they cost nothing to be told again. */
  takeChanged(): EncodedSegment[] {
    const changed: EncodedSegment[] = [];
    for (const [number, segment] of this.#segments) {
      if (!segment.hasChanged) continue;
      segment.hasChanged = false;
      changed.push({ number, digests: segment.encode() });
    }
    return changed;
  }

  /** What is in these segments as it is here need not be written down again. */
  keepStored(segments: readonly EncodedSegment[]): void {
    for (const { number, digests } of segments) {
      const segment = this.#segments.get(number);
      if (segment !== undefined && Buffer.compare(segment.encode(), digests) === 0)
        segment.hasChanged = false;
    }
  }

  /**
   * Of the file, when it is complete: of one chunk, that chunk's; of none, the BLAKE3 of nothing; of several, the BLAKE3 of theirs in order
   * (PROTOCOL.md §4.3).
   */
  fileDigest(blake3: Blake3): Uint8Array {
    if (this.#total === 0) return blake3(NOTHING);
    if (this.#total === 1) return this.digestOf(blake3, 0).slice();
    // Before the parts: one hash at a time is all that every BLAKE3 can do.
    const last = this.digestOf(blake3, this.#total - 1).slice();
    return blake3.ofParts(this.#inOrder(zeroChunkDigest(blake3, BLOCK_BYTES), last));
  }

  *#inOrder(zeroDigest: Uint8Array, last: Uint8Array): Generator<Uint8Array> {
    const lastChunk = this.#total - 1;
    let zeroDigests: Uint8Array | undefined;
    for (let number = 0; number * SEGMENT_CHUNKS < lastChunk; number++) {
      const end = Math.min(SEGMENT_CHUNKS, lastChunk - number * SEGMENT_CHUNKS) * DIGEST_BYTES;
      const segment = this.#segments.get(number);
      if (segment?.count === this.#chunksIn(number)) {
        yield segment.digests.subarray(0, end);
        continue;
      }
      zeroDigests ??= repeated(zeroDigest);
      yield (segment?.digestsAmong(zeroDigests) ?? zeroDigests).subarray(0, end);
    }
    yield last;
  }

  /** Chunks in a range that did not come as content. */
  #withoutContent(first: number, end: number): ChunkRun[] {
    const runs: ChunkRun[] = [];
    let from = first;
    for (const number of this.#segmentsWithin(first, end)) {
      const segment = this.#segments.get(number)!;
      const beginning = number * SEGMENT_CHUNKS;
      const stop = Math.min(end, beginning + SEGMENT_CHUNKS);
      for (let chunk = Math.max(first, beginning); chunk < stop; chunk++) {
        if (!segment.has(chunk - beginning)) continue;
        if (from < chunk) runs.push([from, chunk]);
        from = chunk + 1;
      }
    }
    if (from < end) runs.push([from, end]);
    return runs;
  }

  /** Ascending. The range may have many more than there are, and the other way round. */
  #segmentsWithin(first: number, end: number): number[] {
    const [from, to] = [Math.floor(first / SEGMENT_CHUNKS), Math.ceil(end / SEGMENT_CHUNKS)];
    if (to - from <= this.#segments.size) {
      const all = Array.from({ length: to - from }, (_, at) => from + at);
      return all.filter((number) => this.#segments.has(number));
    }
    const within = [...this.#segments.keys()].filter((number) => number >= from && number < to);
    return within.sort((a, b) => a - b);
  }

  #chunksIn(segment: number): number {
    return Math.min(SEGMENT_CHUNKS, this.#total - segment * SEGMENT_CHUNKS);
  }
}

/** A segment of a resume record. */
export interface EncodedSegment {
  /** Among those of the file, from 0. */
  number: number;
  /** 128 bytes of bits, then 32 bytes for each chunk that is there. */
  digests: Uint8Array;
}

/** The digest for each chunk of a segment. */
function repeated(digest: Uint8Array): Uint8Array {
  const all = new Uint8Array(SEGMENT_CHUNKS * DIGEST_BYTES);
  for (let at = 0; at < all.byteLength; at += DIGEST_BYTES) all.set(digest, at);
  return all;
}
