const SMALLEST_CAPACITY = 4096;

/**
 * A window of a byte sequence, held in a ring that grows as needed: the byte at stream offset `o` lies at `o mod capacity`.
 * The owner knows which bytes of the window are filled.
 */
export class ByteRing {
  private ring = new Uint8Array(0);

  get capacity(): number {
    return this.ring.length;
  }

  /** Makes room for `[base, end)`; what was written at `base` and above stays. */
  reserve(base: number, end: number): void {
    const needed = end - base;
    const old = this.ring;
    if (needed <= old.length) return;
    let capacity = Math.max(SMALLEST_CAPACITY, old.length);
    while (capacity < needed) capacity *= 2;
    this.ring = new Uint8Array(capacity);
    if (old.length > 0) copyRing(old, this.ring, base);
  }

  /** Writes `source[start, end)` at stream offset `offset`; the room was reserved. */
  write(offset: number, source: Uint8Array, start: number, end: number): void {
    const { ring } = this;
    const at = offset % ring.length;
    const untilWrap = Math.min(end - start, ring.length - at);
    ring.set(source.subarray(start, start + untilWrap), at);
    if (start + untilWrap < end) ring.set(source.subarray(start + untilWrap, end), 0);
  }

  /** Copies `length` bytes from stream offset `offset` to `target[at]`. */
  read(offset: number, target: Uint8Array, at: number, length: number): void {
    const { ring } = this;
    const from = offset % ring.length;
    const untilWrap = Math.min(length, ring.length - from);
    target.set(ring.subarray(from, from + untilWrap), at);
    if (untilWrap < length) target.set(ring.subarray(0, length - untilWrap), at + untilWrap);
  }

  /** Gives the memory back; nothing in it is needed any more. */
  release(): void {
    if (this.ring.length > SMALLEST_CAPACITY) this.ring = new Uint8Array(0);
  }
}

/** Moves the window that begins at stream offset `base` into a larger ring. */
function copyRing(old: Uint8Array, grown: Uint8Array, base: number): void {
  let offset = base;
  const end = base + old.length;
  while (offset < end) {
    const from = offset % old.length;
    const to = offset % grown.length;
    const length = Math.min(end - offset, old.length - from, grown.length - to);
    grown.set(old.subarray(from, from + length), to);
    offset += length;
  }
}
