/**
 * Numbers in the order of a time that belongs to each; equal times keep the order of adding. A ring of typed arrays that grows
 * as needed. Adding costs one step for each entry with a later time: none for those that come in order.
 */
export class TimedRing {
  #times = new Float64Array(256);
  #values = new Int32Array(256);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Time of the first entry; Infinity when there is none. */
  get firstTime(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#head]!;
  }

  /** The first entry, which must exist. */
  get first(): number {
    return this.#values[this.#head]!;
  }

  add(time: number, value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    const mask = this.#values.length - 1;
    let at = this.#head + this.#length++;
    for (; at > this.#head && this.#times[(at - 1) & mask]! > time; at--) {
      this.#times[at & mask] = this.#times[(at - 1) & mask]!;
      this.#values[at & mask] = this.#values[(at - 1) & mask]!;
    }
    this.#times[at & mask] = time;
    this.#values[at & mask] = value;
  }

  /** Takes the first entry, which must exist, out. */
  takeFirst(): number {
    const value = this.#values[this.#head]!;
    this.#head = (this.#head + 1) & (this.#values.length - 1);
    this.#length--;
    return value;
  }

  #grow(): void {
    const capacity = this.#values.length;
    const times = new Float64Array(capacity * 2);
    const values = new Int32Array(capacity * 2);
    for (let i = 0; i < this.#length; i++) {
      const from = (this.#head + i) & (capacity - 1);
      times[i] = this.#times[from]!;
      values[i] = this.#values[from]!;
    }
    this.#times = times;
    this.#values = values;
    this.#head = 0;
  }
}
