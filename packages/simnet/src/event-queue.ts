/**
 * Priority queue of events by virtual time: a binary heap over typed arrays, so that an event costs no garbage.
 * Events of equal time come out in the order in which they were put in, which makes runs repeatable.
 */
export class EventQueue {
  /** The event that the last `pop` took out. */
  timeUs = 0;
  kind = 0;
  subject = 0;

  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #kinds = new Uint8Array(1024);
  #subjects = new Int32Array(1024);
  #size = 0;
  #nextOrder = 0;

  get size(): number {
    return this.#size;
  }

  /** Time of the earliest event; Infinity when there is none. */
  get nextTimeUs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /**
   * @param kind small number that the caller gives a meaning to
   * @param subject index of whatever the event is about
   */
  push(timeUs: number, kind: number, subject: number): void {
    if (!(timeUs < Number.POSITIVE_INFINITY)) throw new RangeError(`event at ${timeUs} µs`);
    if (this.#size === this.#times.length) this.#grow();
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#times[parent]! <= timeUs) break; // the parent's order is lower, for it was pushed before
      this.#move(parent, hole);
      hole = parent;
    }
    this.#set(hole, timeUs, this.#nextOrder++, kind, subject);
  }

  /** Takes out the earliest event into `timeUs`, `kind` and `subject`. False: there was none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    this.timeUs = this.#times[0]!;
    this.kind = this.#kinds[0]!;
    this.subject = this.#subjects[0]!;
    const last = --this.#size;
    if (last > 0) this.#sink(last);
    return true;
  }

  /** Puts the entry at `from` (just past the end) in the place of the root. */
  #sink(from: number): void {
    const timeUs = this.#times[from]!;
    const order = this.#orders[from]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(child + 1, this.#times[child]!, this.#orders[child]!))
        child++;
      if (!this.#isBefore(child, timeUs, order)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#set(hole, timeUs, order, this.#kinds[from]!, this.#subjects[from]!);
  }

  #isBefore(index: number, timeUs: number, order: number): boolean {
    const own = this.#times[index]!;
    return own < timeUs || (own === timeUs && this.#orders[index]! < order);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from]!, this.#orders[from]!, this.#kinds[from]!, this.#subjects[from]!);
  }

  #set(index: number, timeUs: number, order: number, kind: number, subject: number): void {
    this.#times[index] = timeUs;
    this.#orders[index] = order;
    this.#kinds[index] = kind;
    this.#subjects[index] = subject;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    this.#times = copyInto(new Float64Array(length), this.#times);
    this.#orders = copyInto(new Float64Array(length), this.#orders);
    this.#kinds = copyInto(new Uint8Array(length), this.#kinds);
    this.#subjects = copyInto(new Int32Array(length), this.#subjects);
  }
}

function copyInto<T extends { set(from: ArrayLike<number>): void }>(target: T, from: ArrayLike<number>): T {
  target.set(from);
  return target;
}
