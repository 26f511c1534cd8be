/** The packets in a drop-tail queue, known by when they leave it: a ring of typed arrays that grows as needed. */
export class DepartureRing {
  #leavesUs = new Float64Array(256);
  #bytes = new Int32Array(256);
  #head = 0;
  #length = 0;
  #totalBytes = 0;

  /** @param leavesUs not before that of the packet added last */
  add(leavesUs: number, bytes: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    const tail = (this.#head + this.#length++) & (this.#bytes.length - 1);
    this.#leavesUs[tail] = leavesUs;
    this.#bytes[tail] = bytes;
    this.#totalBytes += bytes;
  }

  /** Forgets the packets that have left at `nowUs`; says how many bytes are still there. Time does not go back. */
  bytesAfter(nowUs: number): number {
    while (this.#length > 0 && this.#leavesUs[this.#head]! <= nowUs) {
      this.#totalBytes -= this.#bytes[this.#head]!;
      this.#head = (this.#head + 1) & (this.#bytes.length - 1);
      this.#length--;
    }
    return this.#totalBytes;
  }

  #grow(): void {
    const capacity = this.#bytes.length;
    const leavesUs = new Float64Array(capacity * 2);
    const bytes = new Int32Array(capacity * 2);
    for (let i = 0; i < this.#length; i++) {
      const from = (this.#head + i) & (capacity - 1);
      leavesUs[i] = this.#leavesUs[from]!;
      bytes[i] = this.#bytes[from]!;
    }
    this.#leavesUs = leavesUs;
    this.#bytes = bytes;
    this.#head = 0;
  }
}
