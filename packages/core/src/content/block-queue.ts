import type { BlockRun } from '@jetstream/manifest';

/** Block numbers in sending order, kept as runs: a file of a terabyte is one entry, not a million. */
export class BlockQueue {
  readonly #runs: { block: number; count: number }[] = [];
  #head = 0;
  #end = 0;

  /** The block that `shift` would give. */
  get next(): number | undefined {
    return this.#runs[this.#head]?.block;
  }

  /** After the last block that ever came in. */
  get end(): number {
    return this.#end;
  }

  /** Whether the block came in and is not in the queue any more. */
  isPassed(block: number): boolean {
    return block < (this.next ?? this.#end);
  }

  /** @param runs ascending, and above all that came before */
  push(runs: readonly BlockRun[]): void {
    for (const { block, count } of runs) {
      this.#runs.push({ block, count });
      this.#end = block + count;
    }
  }

  shift(): number | undefined {
    const run = this.#runs[this.#head];
    if (run === undefined) return undefined;
    const { block } = run;
    run.block++;
    if (--run.count === 0) this.#dropHead();
    return block;
  }

  /** Drops all blocks below this one. */
  skipTo(block: number): void {
    for (
      let run = this.#runs[this.#head];
      run !== undefined && run.block < block;
      run = this.#runs[this.#head]
    ) {
      const skipped = Math.min(run.count, block - run.block);
      run.block += skipped;
      run.count -= skipped;
      if (run.count > 0) return;
      this.#dropHead();
    }
  }

  #dropHead(): void {
    this.#head++;
    if (this.#head === this.#runs.length) {
      this.#runs.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1_024 && this.#head * 2 >= this.#runs.length) {
      this.#runs.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
