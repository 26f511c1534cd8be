import { BLOCK_BYTES } from '@jetstream/protocol';

/** From the first chunk of a run to the one behind its last. */
export type ChunkRun = readonly [first: number, end: number];

/** Chunks that come in runs, of any length at the same price. */
export class ChunkRuns {
  /** Where runs begin and end, in turn; ascending, for they neither overlap nor touch. */
  readonly #bounds: number[] = [];

  /** The one behind the last; 0 when there is none. */
  get end(): number {
    return this.#bounds.at(-1) ?? 0;
  }

  /** Ascending. */
  *[Symbol.iterator](): Generator<ChunkRun> {
    for (let at = 0; at < this.#bounds.length; at += 2) yield [this.#bounds[at]!, this.#bounds[at + 1]!];
  }

  has(chunk: number): boolean {
    return this.#boundsUpTo(chunk) % 2 === 1;
  }

  /** First chunk from `chunk` on that is in it; Infinity: none is. */
  nextIn(chunk: number): number {
    const at = this.#boundsUpTo(chunk);
    return at % 2 === 1 ? chunk : (this.#bounds[at] ?? Number.POSITIVE_INFINITY);
  }

  /** First chunk from `chunk` on that is not in it. */
  nextOut(chunk: number): number {
    const at = this.#boundsUpTo(chunk);
    return at % 2 === 1 ? this.#bounds[at]! : chunk;
  }

  /** @returns the parts of it that were not there */
  add([first, end]: ChunkRun): ChunkRun[] {
    const bounds = this.#bounds;
    let from = this.#boundsUpTo(first);
    // Behind an odd number of bounds it begins within a run; right at the end of one, it goes on with that.
    if (from % 2 === 0 && bounds[from - 1] === first) from--;
    const missing: ChunkRun[] = [];
    let at = from % 2 === 1 ? bounds[from]! : first;
    let to = from;
    for (; to < bounds.length && bounds[to]! <= end; to++) {
      if (to % 2 === 1) at = bounds[to]!;
      else if (at < bounds[to]!) missing.push([at, bounds[to]!]);
    }
    const endsWithin = to % 2 === 1;
    if (!endsWithin && at < end) missing.push([at, end]);
    bounds.splice(from, to - from, ...(from % 2 === 0 ? [first] : []), ...(endsWithin ? [] : [end]));
    return missing;
  }

  /** A chunk that is there. */
  remove(chunk: number): void {
    const at = this.#boundsUpTo(chunk);
    const [first, end] = [this.#bounds[at - 1]!, this.#bounds[at]!];
    const before = first < chunk ? [first, chunk] : [];
    const behind = chunk + 1 < end ? [chunk + 1, end] : [];
    this.#bounds.splice(at - 1, 2, ...before, ...behind);
  }

  /** How many bounds are not above `chunk`. */
  #boundsUpTo(chunk: number): number {
    let low = 0;
    let high = this.#bounds.length;
    if (chunk >= this.end) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#bounds[middle]! <= chunk) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** @param size of the file, bytes: its last chunk may be shorter */
export function bytesOf(chunk: number, size: number): number {
  return Math.min(BLOCK_BYTES, size - chunk * BLOCK_BYTES);
}

/** @param size of the file, bytes: its last chunk may be shorter */
export function bytesIn(runs: readonly ChunkRun[], size: number): number {
  return runs.reduce((sum, [from, end]) => sum + Math.min(end * BLOCK_BYTES, size) - from * BLOCK_BYTES, 0);
}
