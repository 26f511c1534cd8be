const SLOTS_PER_SLAB = 256;

/**
 * Memory for datagrams under way: slots of equal size, carved out of slabs and used again, so that a packet costs no
 * garbage. A slot is named by its index.
 */
export class DatagramPool {
  readonly slotBytes: number;
  /** What travels in each slot; columns are kept by slot so that nothing is allocated for a packet. */
  bytes = new Int32Array(SLOTS_PER_SLAB);
  route = new Int32Array(SLOTS_PER_SLAB);
  hop = new Int32Array(SLOTS_PER_SLAB);
  #whole: Uint8Array[] = [];
  #views: Uint8Array[] = [];
  #free: Int32Array = new Int32Array(SLOTS_PER_SLAB);
  #freeCount = 0;

  constructor(slotBytes: number) {
    this.slotBytes = slotBytes;
  }

  /** Slots handed out and not given back. */
  get inUse(): number {
    return this.#whole.length - this.#freeCount;
  }

  acquire(): number {
    if (this.#freeCount === 0) this.#addSlab();
    return this.#free[--this.#freeCount]!;
  }

  release(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }

  /** The whole slot, to write a datagram into. */
  slot(slot: number): Uint8Array {
    return this.#whole[slot]!;
  }

  /** The datagram in a slot: its first `bytes[slot]` bytes. Views are kept, for most datagrams have one of few sizes. */
  datagram(slot: number): Uint8Array {
    const length = this.bytes[slot]!;
    let view = this.#views[slot]!;
    if (view.length !== length) {
      view = this.#whole[slot]!.subarray(0, length);
      this.#views[slot] = view;
    }
    return view;
  }

  #addSlab(): void {
    const slab = new Uint8Array(SLOTS_PER_SLAB * this.slotBytes);
    const first = this.#whole.length;
    for (let i = 0; i < SLOTS_PER_SLAB; i++) {
      const slot = slab.subarray(i * this.slotBytes, (i + 1) * this.slotBytes);
      this.#whole.push(slot);
      this.#views.push(slot);
    }
    if (this.bytes.length < this.#whole.length) this.#growColumns();
    for (let slot = first + SLOTS_PER_SLAB - 1; slot >= first; slot--) this.release(slot);
  }

  #growColumns(): void {
    const grown = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.bytes = grown(this.bytes);
    this.route = grown(this.route);
    this.hop = grown(this.hop);
    this.#free = grown(this.#free);
  }
}
