import { BLOCK_BYTES } from '@jetstream/protocol';
import type { ChunkReader } from './chunk-reader.ts';
import { bytesOf } from './chunk-runs.ts';
import { decodeSegment, SEGMENT_CHUNKS } from './digest-segment.ts';
import type { OpenFile } from './file-system.ts';
import type { ResumeRecord } from './resume-record.ts';

/** A chunk that a record says is durable, and its digest. */
export interface ClaimedChunk {
  readonly chunk: number;
  readonly digest: Uint8Array;
}

/**
 * Reads what a record says is durable of a partial file from the disk again, in order, as much at a time as is wanted. What does not
 * agree, or is no record, is simply not there.
 */
export class PartialCheck {
  /** Chunks that were not what the record says. */
  wrongChunks = 0;
  readonly #size: number;
  readonly #segments: ResumeRecord['segments'];
  #claims: ClaimedChunk[] = [];
  #next = 0;

  constructor({ size, segments }: Pick<ResumeRecord, 'size' | 'segments'>) {
    this.#size = size;
    this.#segments = [...segments].sort((a, b) => b.number - a.number);
    this.#skipToClaim();
  }

  /** The next to be read; undefined: all have been. */
  get nextChunk(): number | undefined {
    return this.#claims[this.#next]?.chunk;
  }

  /**
   * Reads up to so many bytes, or one chunk.
   * @param isWanted false for chunks that need no reading any more
   */
  readOn(
    maxBytes: number,
    partial: OpenFile,
    reader: ChunkReader,
    isWanted: (chunk: number) => boolean,
  ): { present: ClaimedChunk[]; readBytes: number } {
    const present: ClaimedChunk[] = [];
    let readBytes = 0;
    for (let claim = this.#claims[this.#next]; claim !== undefined; claim = this.#claims[this.#next]) {
      if (isWanted(claim.chunk)) {
        if (readBytes > 0 && readBytes + BLOCK_BYTES > maxBytes) break;
        const offset = claim.chunk * BLOCK_BYTES;
        const byteLength = bytesOf(claim.chunk, this.#size);
        if (reader.matches(partial, offset, byteLength, claim.digest)) present.push(claim);
        else this.wrongChunks++;
        readBytes += byteLength;
      }
      this.#next++;
      this.#skipToClaim();
    }
    return { present, readBytes };
  }

  /** Nothing more can be read. */
  giveUp(): void {
    this.#segments.length = 0;
    this.#claims = [];
  }

  /** Decoded one by one: the record of a large file has many. */
  #skipToClaim(): void {
    while (this.#next >= this.#claims.length) {
      const segment = this.#segments.pop();
      if (segment === undefined) return;
      const first = segment.number * SEGMENT_CHUNKS;
      const claims = (decodeSegment(segment.digests) ?? []).map(({ chunk, digest }) => ({
        chunk: first + chunk,
        digest,
      }));
      this.#claims = claims.filter(({ chunk }) => chunk >= 0 && chunk * BLOCK_BYTES < this.#size);
      this.#next = 0;
    }
  }
}
