import type { ErrorCode } from '@jetstream/protocol';

/** CL-1: probe timeouts for which late packets are still answered, or swallowed. */
const CLOSING_PROBE_TIMEOUTS = 3;

/**
 * The end of a connection (CL-1, RFC 9000 §10.2). `closing`: we said CLOSE and say it again to the 1st, 2nd, 4th, 8th …
 * late packet. `draining`: the peer said it; silence. `drained`: nothing is left to do.
 */
export class Closing {
  private phase: 'open' | 'closing' | 'draining' | 'drained' = 'open';
  private endUs: number = Number.POSITIVE_INFINITY;
  private latePackets = 0;
  private due = false;
  code: ErrorCode = 'none';
  reason = '';

  get isOpen(): boolean {
    return this.phase === 'open';
  }

  get isDrained(): boolean {
    return this.phase === 'drained';
  }

  /** A CLOSE is to be sent now. */
  get isCloseDue(): boolean {
    return this.due;
  }

  /** When `onTime` must be called. */
  get wakeUs(): number {
    if (this.due) return Number.NEGATIVE_INFINITY;
    return this.phase === 'drained' ? Number.POSITIVE_INFINITY : this.endUs;
  }

  startClosing(nowUs: number, probeTimeoutUs: number, code: ErrorCode, reason: string): void {
    this.phase = 'closing';
    this.endUs = nowUs + CLOSING_PROBE_TIMEOUTS * probeTimeoutUs;
    this.code = code;
    this.reason = reason;
    this.due = true;
  }

  startDraining(nowUs: number, probeTimeoutUs: number): void {
    this.phase = 'draining';
    this.endUs = nowUs + CLOSING_PROBE_TIMEOUTS * probeTimeoutUs;
    this.due = false;
  }

  /** There is nobody to talk to. */
  drainNow(): void {
    this.phase = 'drained';
    this.due = false;
  }

  /** A packet came although the connection is closing. */
  onLatePacket(): void {
    if (this.phase !== 'closing') return;
    this.latePackets += 1;
    const isPowerOfTwo = (this.latePackets & (this.latePackets - 1)) === 0;
    if (isPowerOfTwo) this.due = true;
  }

  onCloseSent(): void {
    this.due = false;
  }

  onTime(nowUs: number): void {
    if (this.phase !== 'open' && nowUs >= this.endUs) this.drainNow();
  }
}
