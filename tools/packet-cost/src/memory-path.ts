const SLOTS = 1024;
const SLOT_BYTES = 2048;
/** 10 Gbit/s: more than two endpoints can do in one thread, and its windows are what they have over loopback. */
const RATE_BYTES_PER_US = 1250;
const ONE_WAY_US = 100;

/** One direction of a path in memory: a ring of datagrams, each with the time at which it arrives. */
export class MemoryPath {
  readonly memory: Uint8Array = new Uint8Array(SLOTS * SLOT_BYTES);
  private readonly lengths = new Uint32Array(SLOTS);
  private readonly arrivalsUs = new Float64Array(SLOTS);
  takenBytes = 0;
  private head = 0;
  private tail = 0;
  private freeUs = 0;

  /**
   * @returns where in `memory` the next datagram goes
   * @throws Error when the ring is full: the sender's window is larger than this path
   */
  reserve(): number {
    if (this.tail - this.head === SLOTS) throw new Error('the path holds no more datagrams');
    return (this.tail & (SLOTS - 1)) * SLOT_BYTES;
  }

  commit(nowUs: number, byteLength: number): void {
    const slot = this.tail & (SLOTS - 1);
    this.lengths[slot] = byteLength;
    this.freeUs = Math.max(nowUs, this.freeUs) + byteLength / RATE_BYTES_PER_US;
    this.arrivalsUs[slot] = this.freeUs + ONE_WAY_US;
    this.tail += 1;
  }

  /** @returns where in `memory` the next datagram that has arrived stands, -1 for none; `takenBytes` is its length */
  take(nowUs: number): number {
    const slot = this.head & (SLOTS - 1);
    if (this.head === this.tail || this.arrivalsUs[slot]! > nowUs) return -1;
    this.head += 1;
    this.takenBytes = this.lengths[slot]!;
    return slot * SLOT_BYTES;
  }
}
