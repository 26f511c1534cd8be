import { type AckFrame, ARRIVAL_MODULUS_US, Ecn, FLOAT_ZERO, MAX_ACK_RANGES } from '@jetstream/protocol';
import { Arrivals } from './arrivals.ts';
import { EcnCounts } from './ecn-counts.ts';
import { RangeSet } from './range-set.ts';

/** RC-2: what holds until the peer's first ACK_FREQUENCY. */
export const DEFAULT_PACKET_THRESHOLD = 2;
export const DEFAULT_MAX_ACK_DELAY_US = 5_000;
/** Ranges at which a peer that never acknowledges our ACKs is asked to, so that the oldest can be forgotten. */
const MANY_RANGES = 16;

/** Which packets arrived and when an ACK for them is due (RFC 9000 §13.2, ACK_FREQUENCY). */
export class ReceivedPackets {
  private readonly ecn = new EcnCounts();
  private readonly ranges = new RangeSet(MAX_ACK_RANGES + 1);
  private readonly arrivals = new Arrivals();
  private largestArrivedUs = FLOAT_ZERO;
  private elicitingSinceAck = 0;
  private dueUs = Number.POSITIVE_INFINITY;
  private packetThreshold = DEFAULT_PACKET_THRESHOLD;
  private maxDelayUs: number = DEFAULT_MAX_ACK_DELAY_US;
  private frequencySequence = -1;

  /** A packet was opened and wholly processed. @param waitedUs how long before it had come to this machine */
  onPacket(
    nowUs: number,
    packetNumber: number,
    ackEliciting: boolean,
    ecn: number = Ecn.NotCapable,
    waitedUs = 0,
  ): void {
    const arrivedUs = nowUs - waitedUs;
    const congestionBegins = this.ecn.onPacket(ecn);
    const { ranges } = this;
    const expected = ranges.rangeCount === 0 ? 0 : ranges.endOf(ranges.rangeCount - 1);
    ranges.insert(packetNumber, packetNumber + 1);
    if (ranges.rangeCount > MAX_ACK_RANGES) ranges.dropLowest();
    if (packetNumber >= expected) this.largestArrivedUs = arrivedUs;
    if (!ackEliciting) return;

    this.arrivals.onPacket(arrivedUs);
    this.elicitingSinceAck += 1;
    const gapAppeared = packetNumber > expected;
    const isThresholdReached = this.elicitingSinceAck >= this.packetThreshold;
    if (gapAppeared || congestionBegins || isThresholdReached) this.dueUs = nowUs;
    else if (this.elicitingSinceAck === 1) this.dueUs = nowUs + this.maxDelayUs;
  }

  /** The peer's wish (ACK_FREQUENCY); one that is not newer than the last is ignored. */
  onAckFrequency(sequence: number, packetThreshold: number, maxDelayUs: number): void {
    if (sequence <= this.frequencySequence) return;
    this.frequencySequence = sequence;
    this.packetThreshold = packetThreshold;
    this.maxDelayUs = maxDelayUs;
  }

  /** When an ACK must go; Infinity when none is owed. */
  get ackDueUs(): number {
    return this.dueUs;
  }

  /** Something arrived that asks for an ACK, due or not. */
  get isAckOwed(): boolean {
    return this.elicitingSinceAck > 0;
  }

  /** So many ranges are kept that an acknowledgement of an ACK is wanted. */
  get hasManyRanges(): boolean {
    return this.ranges.rangeCount >= MANY_RANGES;
  }

  /** Fills `ack`, highest range first. */
  describe(nowUs: number, ack: AckFrame): void {
    const { ranges } = this;
    ack.clear();
    ack.delayUs = Math.max(0, nowUs - this.largestArrivedUs);
    ack.arrivalUs = Math.trunc(this.largestArrivedUs) % ARRIVAL_MODULUS_US;
    this.arrivals.describe(this.largestArrivedUs, ack);
    this.ecn.describe(ack);
    for (let i = ranges.rangeCount - 1; i >= 0; i--) ack.addRange(ranges.startOf(i), ranges.endOf(i) - 1);
  }

  onAckSent(): void {
    this.elicitingSinceAck = 0;
    this.arrivals.clear();
    this.dueUs = Number.POSITIVE_INFINITY;
  }

  /** A packet of ours with an ACK up to `largest` was acknowledged: the peer needs to hear no more of those. */
  onAckAcked(largest: number): void {
    const { ranges } = this;
    if (ranges.rangeCount === 0) return;
    // The newest range stays, as the measure of what comes next.
    ranges.removeBelow(Math.min(largest + 1, ranges.endOf(ranges.rangeCount - 1) - 1));
  }
}
