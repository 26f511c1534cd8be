import type { BlockRun } from '@jetstream/manifest';

/** Block numbers in sending order, kept as runs: a file of a terabyte is one entry, not a million. */
export class BlockQueue {
  readonly #runs: { block: number; count: number }[] = [];
  #head = 0;

  /** The block that `shift` would give. */
  get next(): number | undefined {
    return this.#runs[this.#head]?.block;
  }

  push(runs: readonly BlockRun[]): void {
    for (const { block, count } of runs) this.#runs.push({ block, count });
  }

  /** Puts one block before all others. */
  unshift(block: number): void {
    if (this.#head > 0) this.#runs[--this.#head] = { block, count: 1 };
    else this.#runs.unshift({ block, count: 1 });
  }

  shift(): number | undefined {
    const run = this.#runs[this.#head];
    if (run === undefined) return undefined;
    const { block } = run;
    run.block++;
    if (--run.count === 0) this.#dropHead();
    return block;
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
