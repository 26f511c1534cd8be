/** What a sent packet carried that matters when it is acknowledged or lost. PING, PADDING and challenges leave no record. */
export const ContentKind = {
  /** id: transfer, offset: address, length. */
  Data: 1,
  /** id: stream, offset, length. */
  Stream: 2,
  /** id: stream. */
  StreamCredit: 3,
  /** id: transfer. */
  BlockCredit: 4,
  /** id: sequence. */
  AckFrequency: 5,
  /** id: of the challenge answered. */
  PathResponse: 6,
  /** offset: largest packet acknowledged. */
  Ack: 7,
} as const;
export type ContentKind = (typeof ContentKind)[keyof typeof ContentKind];

const FIRST_CAPACITY = 256;

/** Records of what sent packets carried: a ring of typed arrays in the order of sending, addressed by a running index. */
export class SentContent {
  /** Index of the oldest record kept, and of the next one to come. */
  private first = 0;
  private next = 0;
  private mask = FIRST_CAPACITY - 1;
  private kinds = new Uint8Array(FIRST_CAPACITY);
  private ids = new Float64Array(FIRST_CAPACITY);
  private offsets = new Float64Array(FIRST_CAPACITY);
  private lengths = new Uint32Array(FIRST_CAPACITY);

  /** Index that the next record will have. */
  get end(): number {
    return this.next;
  }

  get capacity(): number {
    return this.mask + 1;
  }

  add(kind: ContentKind, id: number, offset: number, length: number): void {
    if (this.next - this.first > this.mask) this.grow();
    const slot = this.next & this.mask;
    this.kinds[slot] = kind;
    this.ids[slot] = id;
    this.offsets[slot] = offset;
    this.lengths[slot] = length;
    this.next += 1;
  }

  kindOf(index: number): number {
    return this.kinds[index & this.mask]!;
  }

  idOf(index: number): number {
    return this.ids[index & this.mask]!;
  }

  offsetOf(index: number): number {
    return this.offsets[index & this.mask]!;
  }

  lengthOf(index: number): number {
    return this.lengths[index & this.mask]!;
  }

  /** Forgets all records below `index`. */
  releaseBelow(index: number): void {
    this.first = index;
  }

  private grow(): void {
    const { first, next, mask, kinds, ids, offsets, lengths } = this;
    const capacity = (mask + 1) * 2;
    this.mask = capacity - 1;
    this.kinds = new Uint8Array(capacity);
    this.ids = new Float64Array(capacity);
    this.offsets = new Float64Array(capacity);
    this.lengths = new Uint32Array(capacity);
    for (let index = first; index < next; index++) {
      const from = index & mask;
      const to = index & this.mask;
      this.kinds[to] = kinds[from]!;
      this.ids[to] = ids[from]!;
      this.offsets[to] = offsets[from]!;
      this.lengths[to] = lengths[from]!;
    }
  }
}
