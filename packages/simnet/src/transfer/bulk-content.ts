import { BLOCK_BYTES } from '@jetstream/protocol';
import { SeededRandom } from '../random.ts';

const PATTERN_BYTES = 2 * BLOCK_BYTES;

/**
 * Content of any size in next to no memory: each block is a window of one random pattern, at an offset of its own, so
 * a byte out of place within a block or a block taken for another shows.
 */
export class BulkContent {
  readonly totalBytes: number;
  readonly #pattern: Uint8Array;
  readonly #lengths: readonly number[];
  readonly #offsets: Int32Array;

  /** @param partial blocks of any length, as small files make them; else only the last one is short */
  constructor(seed: number, totalBytes: number, partial = false) {
    const random = new SeededRandom(seed).derive('content');
    this.totalBytes = totalBytes;
    this.#lengths = cut(totalBytes, () => (partial ? 1 + random.below(BLOCK_BYTES) : BLOCK_BYTES));
    this.#pattern = new Uint8Array(PATTERN_BYTES);
    const words = new Uint32Array(this.#pattern.buffer);
    for (let i = 0; i < words.length; i++) words[i] = random.uint32();
    this.#offsets = new Int32Array(this.#lengths.length);
    for (let block = 0; block < this.blocks; block++) this.#offsets[block] = random.below(BLOCK_BYTES);
  }

  get blocks(): number {
    return this.#lengths.length;
  }

  blockBytes(block: number): number {
    return this.#lengths[block]!;
  }

  /** The bytes of a block; shared memory, not to be changed. */
  block(block: number): Uint8Array {
    const offset = this.#offsets[block]!;
    return this.#pattern.subarray(offset, offset + this.blockBytes(block));
  }

  agrees(block: number, bytes: Uint8Array): boolean {
    return Buffer.compare(this.block(block), bytes) === 0;
  }
}

function cut(totalBytes: number, nextLength: () => number): number[] {
  const lengths: number[] = [];
  for (let left = totalBytes; left > 0; left -= lengths.at(-1)!) lengths.push(Math.min(left, nextLength()));
  return lengths;
}
