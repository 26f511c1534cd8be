import type { BlockIndex } from '@jetstream/manifest';
import { BLOCK_BYTES } from '@jetstream/protocol';
import type { TargetFile } from './target-file.ts';

/** Blocks that are asked for again because something in them was wrong: each of them once, for no more can be sent of it (PROTOCOL.md BD-4). */
export class BlockRequests {
  readonly #blocks: BlockIndex<TargetFile>;
  readonly #asked = new Set<number>();
  readonly #waiting = new Map<number, number[]>();

  constructor(blocks: BlockIndex<TargetFile>) {
    this.#blocks = blocks;
  }

  /** Blocks that wait to be asked for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** It was asked for, or is about to be. */
  has(block: number): boolean {
    return this.#asked.has(block);
  }

  /** Whoever found it wrong asks for it. */
  spend(block: number): void {
    this.#asked.add(block);
  }

  /**
   * Chunks of a file are to be sent once more.
   * @returns false: more of one of their blocks cannot be asked for
   */
  add(file: TargetFile, chunks: readonly number[]): boolean {
    const blocks = chunks.map((chunk) => Math.floor(file.address / BLOCK_BYTES) + chunk);
    if (!blocks.every((block) => !this.#asked.has(block) || this.#waiting.has(block))) return false;
    for (const block of blocks) this.#addTo(block, this.#blocks.filesIn(block).indexOf(file));
    return true;
  }

  /** Those that wait. */
  take(): { block: number; chunks: number[] }[] {
    const requests = [...this.#waiting].map(([block, chunks]) => ({ block, chunks }));
    this.#waiting.clear();
    return requests;
  }

  /** @param position of the chunk in the block */
  #addTo(block: number, position: number): void {
    this.#asked.add(block);
    const positions = [...(this.#waiting.get(block) ?? []), position];
    this.#waiting.set(
      block,
      positions.sort((a, b) => a - b),
    );
  }
}
