import { ARRIVAL_MODULUS_US, FLOAT_ZERO } from '@jetstream/protocol';
import { onArrivalClock } from './arrival-clock.ts';
import type { AckSample, LossSample } from './controller.ts';

const INITIAL_CAPACITY = 1 << 10;
/** Beyond this span the oldest snapshots give way: their packets still count as delivered but give no sample. */
const MAX_CAPACITY = 1 << 20;

// A snapshot is eight numbers in a row (the draft's `P.*`).
/** Twice the packet's number, and one more when it was declared lost; FREE when there is no packet. */
const NUMBER = 0;
const FREE = -1;
const LOST = 1;
/** When the largest packet acknowledged before had arrived by the receiver's clock, plus 1; 0 for not known. */
const ARRIVAL_US = 1;
const SEND_US = 2;
const FIRST_SEND_US = 3;
const DELIVERED_US = 4;
const DELIVERED = 5;
const LOST_BEFORE = 6;
/** Bytes in flight with the packet; negative when it was sent while application-limited. */
const TRANSMIT_IN_FLIGHT = 7;
const SNAPSHOT_BITS = 3;

/**
 * Delivery rate samples of draft-ietf-ccwg-bbr §4.1. Each sent packet leaves a snapshot (the draft's `P.*`) in a ring of typed
 * arrays indexed by packet number; nothing is allocated per packet. Numbers may have gaps (packets that only acknowledge are not
 * reported here). Content that is sent again is a new packet with a new number, so a sample is never ambiguous.
 *
 * Order of calls for one ACK frame: `onPacketAcked` for each newly acknowledged packet, `onPacketLost` for each packet it shows
 * lost, then `fillAckSample`.
 */
export class DeliveryRateEstimator {
  /** Bytes acknowledged so far (`C.delivered`). */
  deliveredBytes = FLOAT_ZERO;
  /** Bytes declared lost so far (`C.lost`). */
  lostBytes = FLOAT_ZERO;

  private deliveredUs = FLOAT_ZERO;
  private firstSendUs = FLOAT_ZERO;
  /** As in the snapshots. */
  private arrivalUs = FLOAT_ZERO;
  /** Samples are application-limited until this many bytes are delivered; 0 for not (`C.app_limited`). */
  private limitedUntilBytes = FLOAT_ZERO;

  private mask = INITIAL_CAPACITY - 1;
  private snapshots = new Float64Array(INITIAL_CAPACITY << SNAPSHOT_BITS).fill(FREE);

  // The newest packet acknowledged since the last `fillAckSample` (the draft's `RS.*`).
  private newestNumber = -1;
  // All packets acknowledged since then: bytes, and bytes × time from sending.
  private timedBytes = FLOAT_ZERO;
  private timedByteUs = FLOAT_ZERO;
  private sendElapsedUs = FLOAT_ZERO;
  private ackElapsedUs = FLOAT_ZERO;
  private samplePriorArrivalUs = FLOAT_ZERO;
  private samplePriorDelivered = FLOAT_ZERO;
  private samplePriorLost = FLOAT_ZERO;
  private sampleTransmitInFlight = 0;
  private sampleLimited = false;

  get applicationLimited(): boolean {
    return this.limitedUntilBytes > 0;
  }

  /** @param bytesInFlight before this packet is counted */
  onPacketSent(packetNumber: number, nowUs: number, bytes: number, bytesInFlight: number): void {
    if (bytesInFlight <= 0) {
      this.firstSendUs = nowUs;
      this.deliveredUs = nowUs;
      this.arrivalUs = 0;
    }
    const at = this.place(packetNumber);
    const snapshots = this.snapshots;
    const transmitInFlight = Math.max(0, bytesInFlight) + bytes;
    snapshots[at + NUMBER] = 2 * packetNumber;
    snapshots[at + ARRIVAL_US] = this.arrivalUs;
    snapshots[at + SEND_US] = nowUs;
    snapshots[at + FIRST_SEND_US] = this.firstSendUs;
    snapshots[at + DELIVERED_US] = this.deliveredUs;
    snapshots[at + DELIVERED] = this.deliveredBytes;
    snapshots[at + LOST_BEFORE] = this.lostBytes;
    snapshots[at + TRANSMIT_IN_FLIGHT] = this.applicationLimited ? -transmitInFlight : transmitInFlight;
  }

  /** A packet was acknowledged for the first time; also one that was declared lost before. */
  onPacketAcked(packetNumber: number, nowUs: number, bytes: number): void {
    this.deliveredBytes += bytes;
    this.deliveredUs = nowUs;
    const at = this.find(packetNumber);
    if (at < 0) return;
    const snapshots = this.snapshots;
    const sendUs = snapshots[at + SEND_US]!;
    this.timedBytes += bytes;
    this.timedByteUs += bytes * (nowUs - sendUs);
    // A late ACK of a packet held for lost counts as delivered but must not move the sampling interval back.
    const newest =
      this.newestNumber < 0
        ? sendUs >= this.firstSendUs
        : sendUs > this.firstSendUs || (sendUs === this.firstSendUs && packetNumber > this.newestNumber);
    if (newest) {
      const transmitInFlight = snapshots[at + TRANSMIT_IN_FLIGHT]!;
      this.newestNumber = packetNumber;
      this.sendElapsedUs = sendUs - snapshots[at + FIRST_SEND_US]!;
      this.ackElapsedUs = nowUs - snapshots[at + DELIVERED_US]!;
      this.samplePriorArrivalUs = snapshots[at + ARRIVAL_US]!;
      this.samplePriorDelivered = snapshots[at + DELIVERED]!;
      this.samplePriorLost = snapshots[at + LOST_BEFORE]!;
      this.sampleTransmitInFlight = Math.abs(transmitInFlight);
      this.sampleLimited = transmitInFlight < 0;
      this.firstSendUs = sendUs;
    }
    snapshots[at + NUMBER] = FREE;
  }

  /** A packet was declared lost; its snapshot stays for `fillLossSample` and for a late ACK. */
  onPacketLost(packetNumber: number, bytes: number): void {
    this.lostBytes += bytes;
    const at = this.find(packetNumber);
    if (at >= 0) this.snapshots[at + NUMBER] = 2 * packetNumber + LOST;
  }

  /** A packet left the books without a verdict (a path MTU probe, a packet of a path given up). */
  onPacketDiscarded(packetNumber: number): void {
    const at = this.find(packetNumber);
    if (at >= 0) this.snapshots[at + NUMBER] = FREE;
  }

  /**
   * There was less to send than window and pacing allow: samples count as application-limited until what is in flight now,
   * and the bubble behind it, is delivered. Also to be called when a rate cap, not the controller, held the sender back.
   */
  onApplicationLimited(bytesInFlight: number): void {
    this.limitedUntilBytes = Math.max(this.deliveredBytes + Math.max(0, bytesInFlight), 1);
  }

  /**
   * Fills `nowUs`, `meanAckUs`, `deliveredBytes`, `deliveryRate`, `priorDeliveredBytes`, `applicationLimited`, `transmitBytesInFlight` and
   * `lostSinceTransmitBytes` for the packets acknowledged since the last call; the other fields are the caller's.
   * @param minRttUs a shorter sampling interval than this proves nothing and gives no rate; 0 for unknown
   */
  fillAckSample(sample: AckSample, nowUs: number, minRttUs: number): void {
    if (this.limitedUntilBytes > 0 && this.deliveredBytes > this.limitedUntilBytes)
      this.limitedUntilBytes = 0;
    sample.nowUs = nowUs;
    sample.deliveredBytes = this.deliveredBytes;
    sample.deliveryRate = 0;
    sample.meanAckUs = this.timedBytes > 0 ? this.timedByteUs / this.timedBytes : 0;
    this.timedBytes = 0;
    this.timedByteUs = 0;
    if (sample.rttUs > 0) this.arrivalUs = sample.arrivalUs + 1;
    if (this.newestNumber < 0) {
      sample.priorDeliveredBytes = 0;
      sample.applicationLimited = this.applicationLimited;
      sample.transmitBytesInFlight = 0;
      sample.lostSinceTransmitBytes = 0;
      return;
    }
    this.newestNumber = -1;
    sample.priorDeliveredBytes = this.samplePriorDelivered;
    sample.applicationLimited = this.sampleLimited;
    sample.transmitBytesInFlight = this.sampleTransmitInFlight;
    sample.lostSinceTransmitBytes = this.lostBytes - this.samplePriorLost;
    // The longest of the intervals, so that neither a burst of sending nor one of arrivals nor one of ACKs exaggerates the rate.
    const arrivalElapsedUs = this.arrivalElapsed();
    const intervalUs = Math.max(this.sendElapsedUs, this.ackElapsedUs, arrivalElapsedUs);
    if (intervalUs <= 0 || intervalUs < minRttUs) return;
    sample.deliveryRate = ((this.deliveredBytes - this.samplePriorDelivered) * 1e6) / intervalUs;
  }

  /**
   * Fills `packetNumber`, `deliveredBytes`, `sentUs`, `transmitBytesInFlight`, `lostSinceTransmitBytes` and `applicationLimited`
   * for a packet just given to `onPacketLost`. False when its snapshot is gone: then the last four are zero and false.
   */
  fillLossSample(sample: LossSample, packetNumber: number): boolean {
    const at = this.find(packetNumber);
    const known = at >= 0;
    const snapshots = this.snapshots;
    const transmitInFlight = known ? snapshots[at + TRANSMIT_IN_FLIGHT]! : 0;
    sample.packetNumber = packetNumber;
    sample.deliveredBytes = this.deliveredBytes;
    sample.sentUs = known ? snapshots[at + SEND_US]! : 0;
    sample.transmitBytesInFlight = Math.abs(transmitInFlight);
    sample.lostSinceTransmitBytes = known ? this.lostBytes - snapshots[at + LOST_BEFORE]! : 0;
    sample.applicationLimited = transmitInFlight < 0;
    return known;
  }

  /** ACKs that a busy sender reads together had arrivals that did not come together. A receiver that lies is only believed to be slower. */
  private arrivalElapsed(): number {
    if (this.samplePriorArrivalUs === 0 || this.arrivalUs === 0) return 0;
    const elapsedUs = onArrivalClock(this.arrivalUs - this.samplePriorArrivalUs);
    return elapsedUs < ARRIVAL_MODULUS_US / 2 ? elapsedUs : 0;
  }

  /** Where the snapshot of a packet starts, or -1 when there is none. */
  private find(packetNumber: number): number {
    const at = (packetNumber & this.mask) << SNAPSHOT_BITS;
    const found = this.snapshots[at + NUMBER]!;
    return found === 2 * packetNumber || found === 2 * packetNumber + LOST ? at : -1;
  }

  /** Where to put the snapshot of a new packet: grows rather than overwrite one that is in flight. */
  private place(packetNumber: number): number {
    for (;;) {
      const at = (packetNumber & this.mask) << SNAPSHOT_BITS;
      const found = this.snapshots[at + NUMBER]!;
      if (found === FREE || found % 2 === LOST || this.mask + 1 >= MAX_CAPACITY) return at;
      this.grow();
    }
  }

  private grow(): void {
    const old = this.snapshots;
    this.mask = this.mask * 2 + 1;
    this.snapshots = new Float64Array(old.length * 2).fill(FREE);
    for (let from = 0; from < old.length; from += 1 << SNAPSHOT_BITS) {
      if (old[from + NUMBER] === FREE) continue;
      const to = (Math.floor(old[from + NUMBER]! / 2) & this.mask) << SNAPSHOT_BITS;
      for (let field = 0; field < 1 << SNAPSHOT_BITS; field++)
        this.snapshots[to + field] = old[from + field]!;
    }
  }
}
