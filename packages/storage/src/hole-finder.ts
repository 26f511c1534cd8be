import type { OpenFile } from './file-system.ts';

/** Finds out where a file has holes, asking once for each of its stretches. */
export class HoleFinder {
  readonly #size: number;
  /** The stretch, hole or content, that was asked about last. */
  #from = 0;
  #to = 0;
  #isHole = false;

  /** @param size of the file: its holes end there */
  constructor(size: number) {
    this.#size = size;
  }

  /** End of the hole that `position` is in; `position` when it is in none; undefined when the system cannot say. */
  endOfHole(file: OpenFile, position: number): number | undefined {
    const isKnown = position >= this.#from && position < this.#to;
    if (!isKnown && !this.#look(file, position)) return undefined;
    return this.#isHole ? this.#to : position;
  }

  #look(file: OpenFile, position: number): boolean {
    const data = file.nextData(position);
    if (data === undefined) return false;
    this.#from = position;
    this.#isHole = data > position;
    const end = this.#isHole ? data : (file.nextHole(position) ?? position);
    this.#to = Math.min(end, this.#size);
    return true;
  }
}
