import { FLOAT_ZERO } from '@jetstream/protocol';
import { RangeSet } from './range-set.ts';

/**
 * What became of the bytes of one sent sequence (a stream, or one beginning of a block): acknowledged, lost and to be sent
 * again, or in flight. Bytes at and above `nextUnsent` were never sent.
 */
export class DeliveryRanges {
  /** First byte never sent so far. */
  nextUnsent = FLOAT_ZERO;
  /** Every byte below was acknowledged. */
  ackedPrefix = FLOAT_ZERO;
  /** To be sent again. */
  readonly lost = new RangeSet();
  /** Acknowledged, at and above `ackedPrefix`. */
  private readonly acked = new RangeSet();

  /** @returns whether these bytes were never sent before */
  onSent(start: number, end: number): boolean {
    if (start !== this.nextUnsent) {
      this.lost.remove(start, end);
      return false;
    }
    this.nextUnsent = end;
    return true;
  }

  /** @returns bytes acknowledged for the first time */
  onAcked(start: number, end: number): number {
    const from = Math.max(start, this.ackedPrefix);
    if (from >= end) return 0;
    if (this.lost.rangeCount > 0) this.lost.remove(from, end);
    if (from === this.ackedPrefix && this.acked.rangeCount === 0) {
      this.ackedPrefix = end;
      return end - from;
    }
    const fresh = this.acked.insert(from, end);
    this.ackedPrefix = this.acked.nextMissing(this.ackedPrefix);
    this.acked.removeBelow(this.ackedPrefix);
    return fresh;
  }

  /** Marks what was not acknowledged of [start, end) to be sent again. */
  onLost(start: number, end: number): void {
    let from = this.acked.nextMissing(Math.max(start, this.ackedPrefix));
    while (from < end) {
      const to = Math.min(end, this.acked.nextPresent(from));
      this.lost.insert(from, to);
      from = this.acked.nextMissing(to);
    }
  }
}
