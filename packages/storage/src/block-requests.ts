/** Blocks that are asked for again because something in them was wrong: each of them once, for no more can be sent of it (PROTOCOL.md BD-4). */
export class BlockRequests {
  readonly #asked = new Set<number>();
  readonly #waiting = new Map<number, number[]>();

  /** Blocks that wait to be asked for. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** It was asked for, or is about to be. */
  has(block: number): boolean {
    return this.#asked.has(block);
  }

  /** More of it can still be asked for. */
  takes(block: number): boolean {
    return !this.#asked.has(block) || this.#waiting.has(block);
  }

  /** Whoever found it wrong asks for it. */
  spend(block: number): void {
    this.#asked.add(block);
  }

  /** To a block that takes it. @param position of the chunk in the block */
  add(block: number, position: number): void {
    this.#asked.add(block);
    const positions = [...(this.#waiting.get(block) ?? []), position];
    this.#waiting.set(
      block,
      positions.sort((a, b) => a - b),
    );
  }

  /** Those that wait. */
  take(): { block: number; chunks: number[] }[] {
    const requests = [...this.#waiting].map(([block, chunks]) => ({ block, chunks }));
    this.#waiting.clear();
    return requests;
  }
}
