import {
  type AckSample,
  type CongestionController,
  type DeliveryRateEstimator,
  type LossSample,
  newAckSample,
  newLossSample,
  type RttEstimator,
} from '@jetstream/congestion';
import { type AckFrame, FLOAT_ZERO, JetStreamError } from '@jetstream/protocol';
import type { EcnValidation } from './ecn-validation.ts';
import { PersistentCongestion } from './persistent-congestion.ts';
import { ReorderingTolerance } from './reordering-tolerance.ts';
import type { SentContent } from './sent-content.ts';
import { MTU_PROBE, PacketState, type SentPackets } from './sent-packets.ts';

/** Round trips after its sending for which a lost packet may still turn out to have arrived. */
const LATE_ACK_ROUND_TRIPS = 3;

/** Told what became of the content of packets: record `index` of `content`. */
export interface ContentListener {
  onContentAcked(content: SentContent, index: number): void;
  /** Lost, or to be sent once more as a probe. */
  onContentLost(content: SentContent, index: number): void;
}

/** Told what became of packets. */
export interface PacketListener {
  onPacketAcked(packetNumber: number, bytes: number, isMtuProbe: boolean): void;
  onPacketLost(nowUs: number, packetNumber: number, bytes: number, sentUs: number, isMtuProbe: boolean): void;
}

/**
 * Acknowledgements and losses, RFC 9002 §5 and §6.1. Reordering that fooled it raises the thresholds. Feeds the
 * congestion controller and the delivery rate estimator.
 */
export class LossDetection {
  /** UDP payload of ack-eliciting packets without a verdict. */
  bytesInFlight = 0;
  largestAcked = -1;
  /** When the time threshold declares the next packet lost; Infinity for never. */
  lossTimeUs: number = Number.POSITIVE_INFINITY;
  lastElicitingSentUs = FLOAT_ZERO;
  packetsLost = 0;
  packetsSpuriouslyLost = 0;
  /** Latest sample, bytes per second. */
  deliveryRate = FLOAT_ZERO;

  readonly ecn: EcnValidation;
  readonly tolerance = new ReorderingTolerance();
  /** All packets below have a verdict. */
  private scanFrom = 0;
  /** Where the next probes take their content from. */
  private probeFrom = 0;
  private readonly persistent = new PersistentCongestion();
  /** What the controller was last given. */
  readonly ackSample: AckSample = newAckSample();
  readonly lossSample: LossSample = newLossSample();
  private ackedBytes = FLOAT_ZERO;
  /** Packets acknowledged anew by an ACK, without those of a path left behind. */
  private ackedPackets = 0;
  private ackedElicitingPackets = 0;
  private lostBytes = FLOAT_ZERO;

  private readonly sent: SentPackets;
  private readonly rtt: RttEstimator;
  private readonly rate: DeliveryRateEstimator;
  private readonly controller: CongestionController;
  private readonly packets: PacketListener;
  private readonly contents: ContentListener;

  constructor(
    sent: SentPackets,
    rtt: RttEstimator,
    rate: DeliveryRateEstimator,
    controller: CongestionController,
    packets: PacketListener,
    contents: ContentListener,
    ecn: EcnValidation,
  ) {
    this.sent = sent;
    this.rtt = rtt;
    this.rate = rate;
    this.controller = controller;
    this.packets = packets;
    this.contents = contents;
    this.ecn = ecn;
  }

  /** Enters the packet just built; see `SentPackets.add`. */
  onPacketSent(
    nowUs: number,
    bytes: number,
    contentStart: number,
    ackEliciting: boolean,
    isMtuProbe: boolean,
  ): void {
    if (ackEliciting) {
      this.rate.onPacketSent(this.sent.nextNumber, nowUs, bytes, this.bytesInFlight);
      this.controller.onPacketSent(nowUs, bytes, this.bytesInFlight, this.sent.nextNumber);
      this.bytesInFlight += bytes;
      this.lastElicitingSentUs = nowUs;
    }
    const state = ackEliciting ? PacketState.InFlight | (isMtuProbe ? MTU_PROBE : 0) : 0;
    this.sent.add(nowUs, bytes, contentStart, state);
  }

  /**
   * @param maxAckDelayUs longest delay that the peer was asked to keep
   * @returns true when it acknowledged an ack-eliciting packet anew
   * @throws JetStreamError `protocol-violation` for a packet never sent (FR-2)
   */
  onAck(nowUs: number, ack: AckFrame, maxAckDelayUs: number): boolean {
    const largest = ack.largest[0]!;
    if (largest >= this.sent.nextNumber) {
      throw new JetStreamError('protocol-violation', `packet ${largest} was acknowledged but never sent`);
    }
    const priorBytesInFlight = this.bytesInFlight;
    const largestIsNew = largest > this.largestAcked && this.isInFlight(largest);
    this.ackedBytes = 0;
    this.ackedPackets = 0;
    this.ackedElicitingPackets = 0;
    for (let range = 0; range < ack.rangeCount; range++) {
      if (ack.largest[range]! < this.sent.firstNumber) break;
      this.settleRange(nowUs, ack.smallest[range]!, ack.largest[range]!);
    }
    if (this.ackedBytes === 0 && largest <= this.largestAcked) return false;
    const raisesLargest = largest > this.largestAcked;
    if (raisesLargest) this.largestAcked = largest;
    const newCeCount = raisesLargest ? this.ecn.onAck(ack, this.ackedPackets, this.sent.nextNumber) : 0;

    const rttUs = largestIsNew ? nowUs - this.sent.sentUs(largest) : 0;
    if (rttUs > 0) {
      this.rtt.onSample(rttUs, ack.delayUs, maxAckDelayUs);
      this.persistent.onRttSample(nowUs);
    }
    this.ackSample.ackDelayUs = Math.min(ack.delayUs, maxAckDelayUs);
    this.detectLosses(nowUs, maxAckDelayUs);
    if (this.ackedBytes > 0) {
      this.probeFrom = 0;
      this.reportAck(nowUs, ack, rttUs, priorBytesInFlight, newCeCount);
    }
    this.sent.releaseSettled(nowUs - LATE_ACK_ROUND_TRIPS * this.rtt.smoothedUs);
    return this.ackedBytes > 0;
  }

  /** Declares lost what the thresholds say (RFC 9002 A.10); to be called when `lossTimeUs` has come. */
  detectLosses(nowUs: number, maxAckDelayUs: number): void {
    const { sent, largestAcked } = this;
    const lossDelayUs = this.tolerance.lossDelayUs(this.rtt.lossDelayUs());
    this.lostBytes = 0;
    this.lossTimeUs = Number.POSITIVE_INFINITY;
    let undecided = largestAcked + 1;
    for (let number = Math.max(this.scanFrom, sent.firstNumber); number <= largestAcked; number++) {
      const state = sent.state(number);
      if ((state & PacketState.InFlight) === 0) {
        if (state === PacketState.Acked && undecided > largestAcked) this.persistent.onAcked();
        continue;
      }
      const dueUs = sent.sentUs(number) + lossDelayUs;
      if (dueUs <= nowUs || number <= largestAcked - this.tolerance.packetThreshold) {
        this.declareLost(nowUs, number, state);
        continue;
      }
      if (undecided > largestAcked) {
        undecided = number;
        this.lossTimeUs = dueUs;
      }
    }
    this.scanFrom = Math.max(this.scanFrom, undecided);
    if (this.persistent.isEstablished(this.rtt.persistentCongestionUs(maxAckDelayUs))) {
      this.controller.onPersistentCongestion(nowUs);
    }
  }

  /**
   * Has the content of packets in flight sent again by probes (RFC 9002 §6.2.4) without declaring them lost (RC-1): the
   * oldest first, and at each timeout in a row the next ones, for the peer may have a reason to drop just those.
   */
  requeueForProbes(packetCount: number): void {
    const { sent } = this;
    const oldest = Math.max(this.scanFrom, sent.firstNumber);
    const end = sent.nextNumber;
    let number = Math.max(oldest, this.probeFrom);
    let left = packetCount;
    for (let looked = oldest; looked < end && left > 0; looked++, number++) {
      if (number >= end) number = oldest;
      if (this.requeue(number)) left -= 1;
    }
    this.probeFrom = number;
  }

  /** Has the content of a packet sent once more without declaring it lost. @returns false when there is no need or nothing to send */
  requeue(number: number): boolean {
    const { sent } = this;
    if (!this.isInFlight(number) || sent.contentStart(number) === sent.contentEnd(number)) return false;
    this.loseContent(number);
    return true;
  }

  /** The path is another: what is in flight will be sent again and says nothing about the new path. */
  discardInFlight(): void {
    const { sent } = this;
    for (let number = sent.firstNumber; number < sent.nextNumber; number++) {
      if ((sent.state(number) & PacketState.InFlight) === 0) continue;
      sent.setState(number, PacketState.Discarded);
      this.rate.onPacketDiscarded(number);
      this.loseContent(number);
    }
    this.bytesInFlight = 0;
    this.scanFrom = sent.nextNumber;
    this.lossTimeUs = Number.POSITIVE_INFINITY;
    this.persistent.reset();
    this.ecn.onMigration();
  }

  private isInFlight(number: number): boolean {
    return number >= this.sent.firstNumber && (this.sent.state(number) & PacketState.InFlight) !== 0;
  }

  /** Settles what is new in [smallest, largest] and not below the packets kept. */
  private settleRange(nowUs: number, smallest: number, largest: number): void {
    const { settled } = this.sent;
    const from = Math.max(smallest, this.sent.firstNumber);
    let number = settled.nextMissing(from);
    if (number > largest) return;
    while (number <= largest) {
      const gapEnd = Math.min(largest + 1, settled.nextPresent(number));
      for (; number < gapEnd; number++) this.settlePacket(nowUs, number);
      number = settled.nextMissing(number);
    }
    settled.insert(from, largest + 1);
  }

  private settlePacket(nowUs: number, number: number): void {
    const { sent } = this;
    const state = sent.state(number);
    const bytes = sent.bytes(number);
    const isMtuProbe = (state & MTU_PROBE) !== 0;
    sent.setState(number, PacketState.Acked);
    if ((state & PacketState.InFlight) !== 0) {
      this.bytesInFlight -= bytes;
      this.ackedBytes += bytes;
      this.ackedElicitingPackets += 1;
      this.rate.onPacketAcked(number, nowUs, bytes);
    } else if ((state & PacketState.Lost) !== 0 && !isMtuProbe) {
      this.onSpuriousLoss(nowUs, number, bytes);
    }
    if (state !== PacketState.Discarded) this.ackedPackets += 1;
    if (state !== PacketState.Discarded) this.packets.onPacketAcked(number, bytes, isMtuProbe);
    const { content } = sent;
    const end = sent.contentEnd(number);
    for (let index = sent.contentStart(number); index < end; index++)
      this.contents.onContentAcked(content, index);
  }

  private onSpuriousLoss(nowUs: number, number: number, bytes: number): void {
    this.packetsSpuriouslyLost += 1;
    this.ackedBytes += bytes;
    this.ackedElicitingPackets += 1;
    this.persistent.onAcked();
    this.rate.onPacketAcked(number, nowUs, bytes);
    this.controller.onSpuriousLoss(nowUs, bytes);
    const elapsedUs = nowUs - this.sent.sentUs(number);
    this.tolerance.onSpuriousLoss(this.largestAcked - number, elapsedUs);
  }

  private declareLost(nowUs: number, number: number, state: number): void {
    const { sent } = this;
    const bytes = sent.bytes(number);
    const isMtuProbe = (state & MTU_PROBE) !== 0;
    sent.setState(number, PacketState.Lost | (state & MTU_PROBE));
    this.bytesInFlight -= bytes;
    if (isMtuProbe) {
      this.rate.onPacketDiscarded(number);
    } else {
      this.packetsLost += 1;
      this.lostBytes += bytes;
      this.persistent.onLost(sent.sentUs(number));
      this.tolerance.onLoss(nowUs, sent.sentUs(number));
      this.rate.onPacketLost(number, bytes);
      this.reportLoss(nowUs, number, bytes);
    }
    this.packets.onPacketLost(nowUs, number, bytes, sent.sentUs(number), isMtuProbe);
    this.loseContent(number);
  }

  private loseContent(number: number): void {
    const { content } = this.sent;
    const end = this.sent.contentEnd(number);
    for (let index = this.sent.contentStart(number); index < end; index++) {
      this.contents.onContentLost(content, index);
    }
  }

  private reportLoss(nowUs: number, number: number, bytes: number): void {
    const sample = this.lossSample;
    sample.nowUs = nowUs;
    sample.packetBytes = bytes;
    sample.bytesInFlight = this.bytesInFlight;
    sample.smoothedRttUs = this.rtt.smoothedUs;
    sample.minRttUs = this.rtt.minUs;
    this.rate.fillLossSample(sample, number);
    this.controller.onPacketLost(sample);
  }

  private reportAck(
    nowUs: number,
    ack: AckFrame,
    rttUs: number,
    priorBytesInFlight: number,
    ecnCeCount: number,
  ): void {
    const sample = this.ackSample;
    sample.ackedBytes = this.ackedBytes;
    sample.lostBytes = this.lostBytes;
    sample.bytesInFlight = this.bytesInFlight;
    sample.priorBytesInFlight = priorBytesInFlight;
    sample.rttUs = rttUs;
    sample.arrivalUs = ack.arrivalUs;
    sample.arrivals = ack.arrivals;
    sample.ackedPackets = this.ackedElicitingPackets;
    sample.smoothedRttUs = this.rtt.smoothedUs;
    sample.minRttUs = this.rtt.minUs;
    sample.largestAcked = this.largestAcked;
    sample.ecnCeCount = ecnCeCount;
    this.rate.fillAckSample(sample, nowUs, this.rtt.minUs);
    if (sample.deliveryRate > 0) this.deliveryRate = sample.deliveryRate;
    this.controller.onAck(sample);
  }
}
