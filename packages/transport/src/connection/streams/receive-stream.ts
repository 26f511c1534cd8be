import { FLOAT_ZERO, JetStreamError } from '@jetstream/protocol';
import { RangeSet } from '../range-set.ts';
import { ByteRing } from './byte-ring.ts';

/** Gaps in one stream above which a peer is taken for hostile: a full window in whole packets has fewer. */
const MAX_FRAGMENTS = 8192;
export const MAX_STREAM_WINDOW_BYTES: number = 8 * 1024 * 1024;

/**
 * Receiving half of a stream: puts bytes in order within the credit given, and gives more as the application consumes.
 * The window doubles, up to 8 MiB, when half of it is used up within two round trips.
 */
export class ReceiveStream {
  readonly id: number;
  /** 0 until `raiseWindow`: no credit beyond the first. */
  private windowBytes = FLOAT_ZERO;
  /** Last credit announced (or to be announced first). */
  private creditBytes: number;
  private deliveredBytes = FLOAT_ZERO;
  private consumedBytes = 0;
  private creditLost = false;
  private lastCreditUs = Number.NEGATIVE_INFINITY;
  /** Received, but with a gap before. */
  private readonly early = new RangeSet();
  private readonly ring = new ByteRing();

  /** @param creditBytes what the peer may send before any STREAM_CREDIT */
  constructor(id: number, creditBytes: number) {
    this.id = id;
    this.creditBytes = creditBytes;
  }

  /**
   * Takes `buffer[start, end)`, which belongs at `offset`.
   * @returns a copy of what is in order now and was not delivered before; more may follow from `takeEarly`
   * @throws JetStreamError `protocol-violation` beyond the credit (FR-6)
   */
  receive(offset: number, buffer: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const endOffset = offset + (end - start);
    if (endOffset > this.creditBytes) {
      throw new JetStreamError('protocol-violation', `stream ${this.id} goes beyond its credit`);
    }
    if (endOffset <= this.deliveredBytes) return undefined;
    if (offset <= this.deliveredBytes) {
      const fresh = buffer.slice(start + (this.deliveredBytes - offset), end);
      this.deliveredBytes = endOffset;
      return fresh;
    }
    this.keepEarly(offset, buffer, start, end);
    return undefined;
  }

  /** What came early and is in order now. */
  takeEarly(): Uint8Array | undefined {
    this.early.removeBelow(this.deliveredBytes);
    if (this.early.rangeCount === 0 || this.early.startOf(0) > this.deliveredBytes) return undefined;
    const end = this.early.endOf(0);
    const bytes = new Uint8Array(end - this.deliveredBytes);
    this.ring.read(this.deliveredBytes, bytes, 0, bytes.length);
    this.deliveredBytes = end;
    this.early.dropLowest();
    if (this.early.rangeCount === 0) this.ring.release();
    return bytes;
  }

  /** The application has dealt with that many bytes more. */
  consume(byteCount: number): void {
    if (!(byteCount >= 0 && this.consumedBytes + byteCount <= this.deliveredBytes)) {
      throw new JetStreamError(
        'invalid-argument',
        `stream ${this.id}: ${byteCount} bytes were not delivered`,
      );
    }
    this.consumedBytes += byteCount;
  }

  /** Lets the peer be `windowBytes` ahead of the application. */
  raiseWindow(windowBytes: number): void {
    this.windowBytes = Math.max(this.windowBytes, windowBytes);
  }

  /** The peer shall hear of more credit (at least half a window of it is there), or hear of it again. */
  get isCreditDue(): boolean {
    const { windowBytes } = this;
    const moreBytes = this.consumedBytes + windowBytes - this.creditBytes;
    return this.creditLost || (windowBytes > 0 && moreBytes >= windowBytes / 2);
  }

  /** Raises the credit and returns it, for a STREAM_CREDIT. */
  announceCredit(nowUs: number, smoothedRttUs: number): number {
    if (!this.creditLost && nowUs - this.lastCreditUs < 2 * smoothedRttUs) {
      this.windowBytes = Math.min(2 * this.windowBytes, MAX_STREAM_WINDOW_BYTES);
    }
    this.creditLost = false;
    this.lastCreditUs = nowUs;
    this.creditBytes = Math.max(this.creditBytes, this.consumedBytes + this.windowBytes);
    return this.creditBytes;
  }

  /** A STREAM_CREDIT was lost. */
  onCreditLost(): void {
    this.creditLost = true;
  }

  private keepEarly(offset: number, buffer: Uint8Array, start: number, end: number): void {
    this.ring.reserve(this.deliveredBytes, offset + (end - start));
    this.ring.write(offset, buffer, start, end);
    this.early.insert(offset, offset + (end - start));
    if (this.early.rangeCount > MAX_FRAGMENTS) {
      throw new JetStreamError('protocol-violation', `stream ${this.id} has over ${MAX_FRAGMENTS} gaps`);
    }
  }
}
