interface Waiting {
  readonly block: number;
  readonly work: () => unknown;
}

/**
 * Work on blocks that may have come before the receiver has planned them (PL-1): it waits until it is known what of their files is there
 * already. Then all is done in the order in which it came.
 */
export class PlannedWork {
  #plannedBlocks = 0;
  #waiting: Waiting[] = [];

  /** Things that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @returns what the work gives, when it is done at once; undefined when it waits */
  when<T>(block: number, work: () => T): T | undefined {
    if (block < this.#plannedBlocks) return work();
    this.#waiting.push({ block, work });
    return undefined;
  }

  /** Blocks below this are planned. */
  release(plannedBlocks: number): void {
    this.#plannedBlocks = Math.max(this.#plannedBlocks, plannedBlocks);
    const all = this.#waiting;
    this.#waiting = [];
    for (const { block, work } of all) this.when(block, work);
  }
}
