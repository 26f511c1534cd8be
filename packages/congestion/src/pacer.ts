import { FLOAT_ZERO, MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';

/** A burst is at most 1 ms of the rate… */
const BURST_US = 1_000;
/** …and at most one GSO batch… */
const MAX_BURST_BYTES = 65_536;
/** …but two datagrams always go together, as one ACK frees two. */
const MIN_BURST_DATAGRAMS = 2;
/** A timer that fires late is made up for up to this much; portable timers are 1 ms coarse. */
const CATCH_UP_US = 2_000;
/**
 * The same when nothing but the pacer was waited for: a thread that shares its processor may come several milliseconds late,
 * and what it did not send in that time a controller would take for the path.
 */
const LATE_TURN_US = 10_000;

/**
 * Spreads packets over time at the controller's rate or at a cap, whichever is lower (draft-ietf-ccwg-bbr §5.6.2, RFC 9002 §7.7).
 * Sending is due when everything sent so far would have left at exactly the rate. Once due, a burst may leave: the *quantum*,
 * min(1 ms of the rate, 64 KiB) and at least two datagrams; the next is due later by as much, so the mean rate is exact.
 * A wake-up late by up to 2 ms, or 10 ms for a sender that waited for the pacer alone, loses nothing; whoever comes later than
 * that was idle and starts again with one quantum.
 *
 * Caps (a user's limit, a share of a sum) belong here and not in a controller: a controller must know the path, not the policy.
 * While `capped`, the transport reports the connection as application-limited, so that the cap is not taken for the path.
 */
export class Pacer {
  /** Bytes per second at which packets leave. */
  rate = MAX_RATE_BYTES_PER_SECOND;
  /** The controller's, within what a pacer keeps to. */
  controllerRate: number;
  private capRate = MAX_RATE_BYTES_PER_SECOND;
  private minBurstBytes: number;
  /** Bytes that at `stampUs` had left ahead of the schedule; negative for behind it. */
  private aheadBytes = FLOAT_ZERO;
  private stampUs = FLOAT_ZERO;
  private burstEndUs = FLOAT_ZERO;
  /** When everything sent so far has left at the rate. Follows from what stands above, as the next one does: kept, for each is asked for many times. */
  private dueUs = FLOAT_ZERO;
  /** Time that a burst stands for. */
  private quantumUs = FLOAT_ZERO;
  private catchUpUs = CATCH_UP_US;

  /**
   * @param bytesPerSecond the controller's `pacingRate`
   * @param datagramBytes size of a full packet
   */
  constructor(bytesPerSecond: number, datagramBytes: number) {
    this.controllerRate = clampRate(bytesPerSecond);
    this.minBurstBytes = MIN_BURST_DATAGRAMS * datagramBytes;
    this.follow();
  }

  /** Is the cap, not the controller, what slows sending? */
  get capped(): boolean {
    return this.capRate <= this.controllerRate;
  }

  /** Bytes that may leave together: also what a batched send should hold at most. */
  get quantumBytes(): number {
    return Math.max(this.minBurstBytes, Math.min((this.rate * BURST_US) / 1e6, MAX_BURST_BYTES));
  }

  canSend(nowUs: number): boolean {
    const { dueUs } = this;
    return dueUs <= nowUs || dueUs < this.burstEndUs;
  }

  /** When the next packet may leave; `nowUs` for at once. */
  nextSendUs(nowUs: number): number {
    return this.canSend(nowUs) ? nowUs : this.dueUs;
  }

  /** There is nothing to be sent now. @param forPacer of all that is needed only the time has not come */
  waits(forPacer: boolean): void {
    this.catchUpUs = forPacer ? LATE_TURN_US : CATCH_UP_US;
  }

  /** How long ago the next packet should have left, when that is more than timers are late; 0 when it is not. */
  overdueUs(nowUs: number): number {
    const lateUs = nowUs - this.dueUs;
    return lateUs > CATCH_UP_US ? lateUs : 0;
  }

  onSent(nowUs: number, bytes: number): void {
    const lateUs = nowUs - this.dueUs;
    if (lateUs >= 0) this.burstEndUs = nowUs + this.quantumUs;
    this.aheadBytes = bytes - (lateUs > this.catchUpUs ? 0 : (lateUs * this.rate) / 1e6);
    this.stampUs = nowUs;
    this.setDue();
  }

  /** Follows the controller; call after each event given to it. */
  setRate(bytesPerSecond: number): void {
    const rate = clampRate(bytesPerSecond);
    if (rate === this.controllerRate) return;
    this.controllerRate = rate;
    this.follow();
  }

  /** Bytes per second never to exceed, 1,000 to 10^12; beyond these it is the nearer of them. */
  setCap(bytesPerSecond: number): void {
    this.capRate = clampRate(bytesPerSecond);
    this.follow();
  }

  setDatagramBytes(datagramBytes: number): void {
    this.minBurstBytes = MIN_BURST_DATAGRAMS * datagramBytes;
    this.follow();
  }

  private follow(): void {
    this.rate = Math.min(this.controllerRate, this.capRate);
    this.quantumUs = (this.quantumBytes * 1e6) / this.rate;
    this.setDue();
  }

  private setDue(): void {
    this.dueUs = this.stampUs + (this.aheadBytes * 1e6) / this.rate;
  }
}

function clampRate(bytesPerSecond: number): number {
  return bytesPerSecond > MIN_RATE_BYTES_PER_SECOND
    ? Math.min(bytesPerSecond, MAX_RATE_BYTES_PER_SECOND)
    : MIN_RATE_BYTES_PER_SECOND;
}
