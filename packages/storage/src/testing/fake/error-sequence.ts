/**
 * Write-back errors of a file or volume as Linux counts them (errseq_t): each open descriptor is told of an error once, one that
 * nobody has seen yet also to descriptors opened later.
 */
export class ErrorSequence {
  #count = 0;
  #seen = true;
  #last: Error | undefined;

  record(error: Error): void {
    this.#count++;
    this.#seen = false;
    this.#last = error;
  }

  /** For a descriptor that is opened now: what `check` is to be asked with. */
  sample(): number {
    return this.#seen ? this.#count : this.#count - 1;
  }

  /** The last error since that sample, told now; the next time ask with a new sample. */
  check(sample: number): Error | undefined {
    if (sample === this.#count) return undefined;
    this.#seen = true;
    return this.#last;
  }

  /** The inode leaves the memory: who opens it anew is told nothing. */
  forget(): void {
    this.#seen = true;
  }
}
