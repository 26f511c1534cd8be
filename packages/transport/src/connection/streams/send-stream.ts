import { DeliveryRanges } from '../delivery-ranges.ts';
import { ByteRing } from './byte-ring.ts';

/** Bytes not sent yet above which `write` asks the application to wait. */
export const SEND_QUEUE_BYTES: number = 1024 * 1024;

/** Sending half of a stream: holds bytes until they are acknowledged, sends no further than the peer's credit. */
export class SendStream {
  /** The application was told to wait and not yet told to go on. */
  private waiting = false;
  private readonly delivery = new DeliveryRanges();
  private readonly ring = new ByteRing();
  /** Offset behind the last byte written. */
  private end = 0;

  readonly id: number;
  /** Bytes that the peer lets us send in all (STREAM_CREDIT). */
  private creditBytes: number;

  constructor(id: number, initialCreditBytes: number) {
    this.id = id;
    this.creditBytes = initialCreditBytes;
  }

  /** Queues a copy. @returns false when the queue is over its bound */
  write(bytes: Uint8Array): boolean {
    const base = this.delivery.ackedPrefix;
    this.ring.reserve(base, this.end + bytes.length);
    this.ring.write(this.end, bytes, 0, bytes.length);
    this.end += bytes.length;
    if (this.unsentBytes > SEND_QUEUE_BYTES) this.waiting = true;
    return !this.waiting;
  }

  /** True once after the queue of a waiting application fell to half of its bound. */
  becameWritable(): boolean {
    if (!this.waiting || this.unsentBytes > SEND_QUEUE_BYTES / 2) return false;
    this.waiting = false;
    return true;
  }

  raiseCredit(maximumOffset: number): void {
    this.creditBytes = Math.max(this.creditBytes, maximumOffset);
  }

  get unsentBytes(): number {
    return this.end - this.delivery.nextUnsent;
  }

  /** Something can be sent now. */
  get isReady(): boolean {
    return (
      this.delivery.lost.rangeCount > 0 || this.delivery.nextUnsent < Math.min(this.end, this.creditBytes)
    );
  }

  /** Bytes wait for credit alone. */
  get isBlocked(): boolean {
    return this.unsentBytes > 0 && this.delivery.nextUnsent >= this.creditBytes;
  }

  /** Everything written was acknowledged. */
  get isFlushed(): boolean {
    return this.delivery.ackedPrefix === this.end;
  }

  /** Where the next frame begins; lost bytes go first. The stream is ready. */
  get nextOffset(): number {
    return this.delivery.lost.rangeCount > 0 ? this.delivery.lost.startOf(0) : this.delivery.nextUnsent;
  }

  /** Bytes that the next frame can carry at most. */
  get nextLength(): number {
    const { lost, nextUnsent } = this.delivery;
    if (lost.rangeCount > 0) return lost.endOf(0) - lost.startOf(0);
    return Math.min(this.end, this.creditBytes) - nextUnsent;
  }

  /** Copies the next `length` bytes to `target[at]` and counts them as sent. */
  send(length: number, target: Uint8Array, at: number): void {
    const offset = this.nextOffset;
    this.ring.read(offset, target, at, length);
    this.delivery.onSent(offset, offset + length);
  }

  onAcked(start: number, end: number): void {
    this.delivery.onAcked(start, end);
    if (this.isFlushed) this.ring.release();
  }

  onLost(start: number, end: number): void {
    this.delivery.onLost(start, end);
  }
}
