/** From the first chunk of a run to the one behind its last. */
export type ChunkRun = readonly [first: number, end: number];

/** Chunks that come in runs, of any length at the same price. */
export class ChunkRuns {
  /** Ascending; they neither overlap nor touch. */
  readonly #runs: ChunkRun[] = [];

  has(chunk: number): boolean {
    const end = this.#runs[this.#lastFrom(chunk)]?.[1];
    return end !== undefined && chunk < end;
  }

  /** @returns the parts of it that were not there */
  add([first, end]: ChunkRun): ChunkRun[] {
    let from = this.#lastFrom(first);
    if (from < 0 || this.#runs[from]![1] < first) from++;
    let to = from;
    const missing: ChunkRun[] = [];
    let [start, stop, at] = [first, end, first];
    for (; to < this.#runs.length && this.#runs[to]![0] <= end; to++) {
      const [otherFirst, otherEnd] = this.#runs[to]!;
      if (at < otherFirst) missing.push([at, otherFirst]);
      at = otherEnd;
      start = Math.min(start, otherFirst);
      stop = Math.max(stop, otherEnd);
    }
    if (at < end) missing.push([at, end]);
    this.#runs.splice(from, to - from, [start, stop]);
    return missing;
  }

  /** A chunk that is there. */
  remove(chunk: number): void {
    const at = this.#lastFrom(chunk);
    const [first, end] = this.#runs[at]!;
    const parts: ChunkRun[] = [
      [first, chunk],
      [chunk + 1, end],
    ];
    this.#runs.splice(at, 1, ...parts.filter(([from, to]) => from < to));
  }

  /** Index of the last run that begins at or before a chunk; -1: none does. */
  #lastFrom(chunk: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]![0] <= chunk) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
