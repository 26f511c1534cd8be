/**
 * A set of integers below 2^53, kept as sorted, disjoint, non-touching half-open ranges [start, end) in one typed array.
 * Made for sets that grow at their end and shrink from their beginning: both cost O(1); changes in between cost a
 * binary search and a move of the ranges behind.
 */
export class RangeSet {
  /** start₀, end₀, start₁, end₁ …; ranges `first`…`last - 1` are in use. */
  private bounds: Float64Array;
  private first = 0;
  private last = 0;
  private valueCount = 0;

  constructor(initialRanges = 4) {
    this.bounds = new Float64Array(initialRanges * 2);
  }

  /** Number of ranges. */
  get rangeCount(): number {
    return this.last - this.first;
  }

  /** Number of integers in the set. */
  get size(): number {
    return this.valueCount;
  }

  /** Start of range `index`, counted from the lowest. */
  startOf(index: number): number {
    return this.bounds[(this.first + index) * 2]!;
  }

  /** End (exclusive) of range `index`, counted from the lowest. */
  endOf(index: number): number {
    return this.bounds[(this.first + index) * 2 + 1]!;
  }

  contains(value: number): boolean {
    const range = this.firstRangeEndingAfter(value);
    return range < this.last && this.bounds[range * 2]! <= value;
  }

  /** Smallest integer at or above `from` that is not in the set. */
  nextMissing(from: number): number {
    const range = this.firstRangeEndingAfter(from);
    return range < this.last && this.bounds[range * 2]! <= from ? this.bounds[range * 2 + 1]! : from;
  }

  /** Smallest integer at or above `from` that is in the set; Infinity for none. */
  nextPresent(from: number): number {
    const range = this.firstRangeEndingAfter(from);
    return range < this.last ? Math.max(from, this.bounds[range * 2]!) : Number.POSITIVE_INFINITY;
  }

  /** Adds [start, end). @returns how many of these integers were not there before */
  insert(start: number, end: number): number {
    if (start >= end) return 0;
    const { bounds, last } = this;
    if (this.first === last || start > bounds[last * 2 - 1]!) {
      this.append(start, end);
      this.valueCount += end - start;
      return end - start;
    }
    if (start >= bounds[last * 2 - 2]!) {
      const added = end - bounds[last * 2 - 1]!;
      if (added <= 0) return 0;
      bounds[last * 2 - 1] = end;
      this.valueCount += added;
      return added;
    }
    return this.insertBetween(start, end);
  }

  /** Takes [start, end) out. @returns how many of these integers were there */
  remove(start: number, end: number): number {
    if (start >= end) return 0;
    const { bounds } = this;
    let from = this.firstRangeEndingAfter(start);
    if (from === this.last || bounds[from * 2]! >= end) return 0;

    const rangeStart = bounds[from * 2]!;
    const rangeEnd = bounds[from * 2 + 1]!;
    if (rangeStart < start && rangeEnd > end) {
      bounds[from * 2 + 1] = start;
      this.insertRangeAt(from + 1, end, rangeEnd);
      this.valueCount -= end - start;
      return end - start;
    }
    let removed = 0;
    if (rangeStart < start) {
      bounds[from * 2 + 1] = start;
      removed += rangeEnd - start;
      from += 1;
    }
    let to = from;
    while (to < this.last && bounds[to * 2 + 1]! <= end) {
      removed += bounds[to * 2 + 1]! - bounds[to * 2]!;
      to += 1;
    }
    if (to < this.last && bounds[to * 2]! < end) {
      removed += end - bounds[to * 2]!;
      bounds[to * 2] = end;
    }
    this.dropRanges(from, to);
    this.valueCount -= removed;
    return removed;
  }

  /** Takes out everything below `limit`. */
  removeBelow(limit: number): void {
    while (this.first < this.last && this.endOf(0) <= limit) this.dropLowest();
    if (this.first === this.last) return;
    const start = this.startOf(0);
    if (start >= limit) return;
    this.bounds[this.first * 2] = limit;
    this.valueCount -= limit - start;
  }

  /** Takes out the lowest range. The set is not empty. */
  dropLowest(): void {
    this.valueCount -= this.endOf(0) - this.startOf(0);
    this.first += 1;
    if (this.first === this.last) this.clear();
  }

  clear(): void {
    this.first = 0;
    this.last = 0;
    this.valueCount = 0;
  }

  private insertBetween(start: number, end: number): number {
    const { bounds } = this;
    // Ranges that overlap or touch [start, end) melt into one.
    const from = this.firstRangeEndingAfter(start - 1);
    let to = from;
    let present = 0;
    while (to < this.last && bounds[to * 2]! <= end) {
      present += bounds[to * 2 + 1]! - bounds[to * 2]!;
      to += 1;
    }
    if (from === to) {
      this.insertRangeAt(from, start, end);
      this.valueCount += end - start;
      return end - start;
    }
    const mergedStart = Math.min(start, bounds[from * 2]!);
    const mergedEnd = Math.max(end, bounds[to * 2 - 1]!);
    bounds[from * 2] = mergedStart;
    bounds[from * 2 + 1] = mergedEnd;
    this.dropRanges(from + 1, to);
    const added = mergedEnd - mergedStart - present;
    this.valueCount += added;
    return added;
  }

  /** Index into `bounds` (in ranges) of the first range whose end is above `value`; `last` for none. */
  private firstRangeEndingAfter(value: number): number {
    const { bounds } = this;
    let low = this.first;
    let high = this.last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle * 2 + 1]! > value) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private append(start: number, end: number): void {
    if (this.last * 2 === this.bounds.length) this.makeRoom();
    this.bounds[this.last * 2] = start;
    this.bounds[this.last * 2 + 1] = end;
    this.last += 1;
  }

  private insertRangeAt(at: number, start: number, end: number): void {
    const offset = at - this.first;
    if (this.last * 2 === this.bounds.length) this.makeRoom();
    const index = this.first + offset;
    this.bounds.copyWithin((index + 1) * 2, index * 2, this.last * 2);
    this.bounds[index * 2] = start;
    this.bounds[index * 2 + 1] = end;
    this.last += 1;
  }

  private dropRanges(from: number, to: number): void {
    if (from === to) return;
    if (from === this.first) {
      this.first = to;
      if (this.first === this.last) {
        this.first = 0;
        this.last = 0;
      }
      return;
    }
    this.bounds.copyWithin(from * 2, to * 2, this.last * 2);
    this.last -= to - from;
  }

  /** Moves the ranges to the front; doubles the array when that would free less than half of it. */
  private makeRoom(): void {
    const used = this.bounds.subarray(this.first * 2, this.last * 2);
    if (used.length * 2 > this.bounds.length) {
      const grown = new Float64Array(this.bounds.length * 2);
      grown.set(used);
      this.bounds = grown;
    } else {
      this.bounds.copyWithin(0, this.first * 2, this.last * 2);
    }
    this.last -= this.first;
    this.first = 0;
  }
}
