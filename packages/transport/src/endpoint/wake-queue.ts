/** Something that is to be woken at a time. The queue keeps its place in the item itself, so that nothing is searched for. */
export interface WakeItem {
  /** Set by the queue only. */
  wakeUs: number;
  /** Place in the heap, -1 while not in it. Set by the queue only. */
  heapIndex: number;
}

/** Items by the time at which they are to be woken: a binary heap. All operations take O(log n). */
export class WakeQueue<Item extends WakeItem> {
  readonly #heap: Item[] = [];

  /** Time of the earliest item; Infinity when there is none. */
  get nextUs(): number {
    return this.#heap[0]?.wakeUs ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Adds the item or moves it. Infinity takes it out. */
  set(item: Item, wakeUs: number): void {
    if (wakeUs === Number.POSITIVE_INFINITY) {
      this.delete(item);
      return;
    }
    const later = item.heapIndex >= 0 && wakeUs > item.wakeUs;
    item.wakeUs = wakeUs;
    if (item.heapIndex < 0) item.heapIndex = this.#heap.push(item) - 1;
    if (later) this.#sink(item);
    else this.#rise(item);
  }

  delete(item: Item): void {
    if (item.heapIndex < 0) return;
    const last = this.#heap.pop()!;
    if (last !== item) {
      this.#place(last, item.heapIndex);
      this.#rise(last);
      this.#sink(last);
    }
    item.heapIndex = -1;
  }

  /** Takes out and returns the earliest item that is due, or undefined. */
  takeDue(nowUs: number): Item | undefined {
    const earliest = this.#heap[0];
    if (earliest === undefined || earliest.wakeUs > nowUs) return undefined;
    this.delete(earliest);
    return earliest;
  }

  #rise(item: Item): void {
    while (item.heapIndex > 0) {
      const parent = this.#heap[(item.heapIndex - 1) >> 1]!;
      if (parent.wakeUs <= item.wakeUs) return;
      this.#swap(item, parent);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.heapIndex + 1];
      const right = this.#heap[2 * item.heapIndex + 2];
      const earlier = right !== undefined && right.wakeUs < left!.wakeUs ? right : left;
      if (earlier === undefined || earlier.wakeUs >= item.wakeUs) return;
      this.#swap(item, earlier);
    }
  }

  #swap(one: Item, other: Item): void {
    const index = one.heapIndex;
    this.#place(one, other.heapIndex);
    this.#place(other, index);
  }

  #place(item: Item, index: number): void {
    this.#heap[index] = item;
    item.heapIndex = index;
  }
}
