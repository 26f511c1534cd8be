export const NO_SLOT = -1;

/**
 * Fixed places for packets, by number. A packet that is to be delivered twice holds its place twice. The place freed last is given out
 * first: memory that was never needed is never touched.
 */
export class PacketSlots {
  readonly capacity: number;
  /** Of each packet held. */
  readonly lengthBytes: Uint32Array;
  readonly #holders: Uint8Array;
  readonly #free: Uint32Array;
  #freeCount = 0;
  #neverUsed = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.lengthBytes = new Uint32Array(capacity);
    this.#holders = new Uint8Array(capacity);
    this.#free = new Uint32Array(capacity);
  }

  get used(): number {
    return this.#neverUsed - this.#freeCount;
  }

  /** @returns a place with one holder, or `NO_SLOT` */
  allocate(): number {
    let slot: number;
    if (this.#freeCount > 0) slot = this.#free[--this.#freeCount]!;
    else if (this.#neverUsed < this.capacity) slot = this.#neverUsed++;
    else return NO_SLOT;
    this.#holders[slot] = 1;
    return slot;
  }

  /** One holder more. */
  hold(slot: number): void {
    this.#holders[slot]!++;
  }

  /** One holder less; without any the place is free. */
  release(slot: number): void {
    if (--this.#holders[slot]! === 0) this.#free[this.#freeCount++] = slot;
  }
}
