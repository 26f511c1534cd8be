import { ARRIVAL_MODULUS_US, FLOAT_ZERO } from '@jetstream/protocol';
import { onArrivalClock } from './arrival-clock.ts';
import { MAX_BW } from './bbr/parameters.ts';
import type { AckSample } from './controller.ts';

/**
 * No arrival time is known better than this, as it is taken by a thread that wakes up late (30 to 120 µs on a quiet machine)
 * and receives in batches.
 */
const RESOLUTION_US = 150;
/** A train that came at fewer different times than this shows the receiver's batches and not the path. */
const MIN_INSTANTS = 4;
const MIN_PACKETS = 8;
/** When the sender pauses, what was sent before is the train if it is this part of it at least. */
const LONG_ENOUGH = 1 / 2;
/** The last part of a train is not waited for: it may be in an ACK that was delayed. */
const AWAITED = 7 / 8;
/** What came out this much slower than it went in was spaced by a bottleneck, and not by ourselves. */
const SPACED = 0.9;
/** A receiver may say that a train came so many times faster than its ACKs did, but no more. */
const MAX_ACK_STRETCH = 4;

/**
 * A packet train: packets sent back to back leave the slowest link of a path spaced by its rate, so that one train shows in one
 * round trip what doubling needs many for. It shows the link's capacity, not what is free of it.
 *
 * Measured between the first and the last arrival that the receiver tells of (PROTOCOL.md RC-3), and given as bounds: the rate if
 * all that is uncertain about the times had made the train longer than it was, and if it had made it shorter. Bytes are those that
 * arrived: what was lost is taken as never sent.
 */
export class PacketTrain {
  /** Bounds of the rate shown by the train measured last, bytes per second; both 0 before. `highRate` is `MAX_BW` when no bottleneck was seen. */
  lowRate = FLOAT_ZERO;
  highRate = FLOAT_ZERO;
  /** How often its length in time holds the uncertainty about that. */
  certainty = 0;
  /** How much of it had arrived when it was measured. */
  ackedBytes = FLOAT_ZERO;

  private bytesToSend = FLOAT_ZERO;
  private maxGapUs = FLOAT_ZERO;
  private awaited = false;
  private bytesSent = FLOAT_ZERO;
  private packetsSent = 0;
  private firstNumber = 0;
  private lastNumber = 0;
  private firstSentUs = FLOAT_ZERO;
  private lastSentUs = FLOAT_ZERO;
  /** Bytes delivered before any of it. */
  private deliveredBefore = 0;
  /** Packets below are behind us. */
  private ackedBelow = FLOAT_ZERO;

  // Instants at which some of it arrived.
  private instants = 0;
  private firstDelivered = FLOAT_ZERO;
  private firstArrivalUs = FLOAT_ZERO;
  private firstAckUs = FLOAT_ZERO;
  private lastDelivered = 0;
  private lastArrivalUs = FLOAT_ZERO;
  private lastAckUs = FLOAT_ZERO;
  /** Bytes delivered before the latest instant, and the most that came at one instant but the first. */
  private clumpStart = 0;
  private largestClump = 0;
  /** The most that its rate was at any instant of its second half, bytes per µs. */
  private fastest = 0;

  /**
   * The next packets are a train, in place of any that is under way.
   * @param bytes how long it is at most; it ends before when its first ACK comes
   * @param maxGapUs a pause in sending that ends it, or after which it begins anew: two trains with a gap between them look like one on a slow link
   */
  begin(bytes: number, deliveredBytes: number, maxGapUs: number): void {
    this.bytesToSend = bytes;
    this.maxGapUs = maxGapUs;
    this.deliveredBefore = deliveredBytes;
    this.awaited = true;
    this.bytesSent = 0;
    this.packetsSent = 0;
    this.instants = 0;
    this.largestClump = 0;
    this.fastest = 0;
  }

  /** The next packet belongs to the train and should leave right behind the one before. */
  get isOpen(): boolean {
    return this.awaited && this.bytesSent < this.bytesToSend;
  }

  /** A train is being sent, or its ACKs are waited for. */
  get isUnderWay(): boolean {
    return this.awaited;
  }

  onPacketSent(nowUs: number, bytes: number, packetNumber: number): void {
    if (!this.isOpen) return;
    if (this.packetsSent > 0 && nowUs - this.lastSentUs > this.maxGapUs) {
      if (this.bytesSent >= LONG_ENOUGH * this.bytesToSend) {
        this.bytesToSend = this.bytesSent;
        return;
      }
      this.begin(this.bytesToSend, this.deliveredBefore, this.maxGapUs);
    }
    if (this.packetsSent === 0) {
      this.firstNumber = packetNumber;
      this.firstSentUs = nowUs;
    }
    this.packetsSent++;
    this.bytesSent += bytes;
    this.lastNumber = packetNumber;
    this.lastSentUs = nowUs;
  }

  /** @returns true when a train was measured just now: then the public fields tell of it */
  onAck(sample: AckSample): boolean {
    if (this.packetsSent === 0 || !this.awaited || sample.rttUs <= 0) return false;
    if (sample.largestAcked < this.firstNumber) {
      this.deliveredBefore = sample.deliveredBytes;
      this.ackedBelow = sample.largestAcked + 1;
      return false;
    }
    // What is sent from now on answers to ACKs.
    this.bytesToSend = this.bytesSent;
    if (sample.largestAcked <= this.lastNumber) this.addInstants(sample);
    this.ackedBelow = sample.largestAcked + 1;
    if (sample.largestAcked < this.firstNumber + AWAITED * (this.lastNumber - this.firstNumber)) return false;
    this.awaited = false;
    return this.conclude();
  }

  /** Each run of arrivals that ended with a packet of the train is an instant. */
  private addInstants(sample: AckSample): void {
    const { nowUs, arrivals, deliveredBytes, ackedBytes, ackedPackets } = sample;
    const { count, packets, gapsUs } = arrivals;
    const packetBytes = ackedBytes / Math.max(1, ackedPackets);
    const ofTrain = sample.largestAcked + 1 - Math.max(this.firstNumber, this.ackedBelow);
    let run = 0;
    let later = 0;
    let agoUs = 0;
    while (run + 1 < count && later + packets[run]! < Math.min(ofTrain, ackedPackets)) {
      later += packets[run]!;
      run += 1;
      agoUs += gapsUs[run]!;
    }
    for (; run > 0; run--) {
      const arrivalUs = onArrivalClock(sample.arrivalUs - agoUs);
      this.addInstant(nowUs, arrivalUs, deliveredBytes - later * packetBytes);
      agoUs -= gapsUs[run]!;
      later -= packets[run - 1]!;
    }
    this.addInstant(nowUs, sample.arrivalUs, deliveredBytes);
  }

  private addInstant(nowUs: number, arrivalUs: number, deliveredBytes: number): void {
    if (this.instants === 0) {
      this.firstDelivered = deliveredBytes;
      this.firstArrivalUs = arrivalUs;
      this.firstAckUs = nowUs;
      this.lastDelivered = deliveredBytes;
    }
    if (this.instants === 0 || arrivalUs !== this.lastArrivalUs) {
      this.instants++;
      this.clumpStart = this.lastDelivered;
    }
    this.largestClump = Math.max(this.largestClump, deliveredBytes - this.clumpStart);
    this.lastDelivered = deliveredBytes;
    this.lastArrivalUs = arrivalUs;
    this.lastAckUs = nowUs;
    const bytes = deliveredBytes - this.firstDelivered;
    if (bytes > this.bytesSent / 2)
      this.fastest = Math.max(
        this.fastest,
        bytes / Math.max(1, onArrivalClock(arrivalUs - this.firstArrivalUs)),
      );
  }

  private conclude(): boolean {
    this.ackedBytes = Math.max(0, this.lastDelivered - this.deliveredBefore);
    const bytes = this.lastDelivered - this.firstDelivered;
    const spanUs = onArrivalClock(this.lastArrivalUs - this.firstArrivalUs);
    if (this.instants < MIN_INSTANTS || this.packetsSent < MIN_PACKETS) return false;
    // Most of it at one instant, or a clock that ran backwards.
    if (2 * bytes < this.ackedBytes || 2 * this.largestClump > bytes) return false;
    if (spanUs > ARRIVAL_MODULUS_US / 2) return false;
    const uncertainUs = Math.max(RESOLUTION_US, (spanUs * this.largestClump) / bytes);
    const longestUs = Math.max(spanUs + uncertainUs, (this.lastAckUs - this.firstAckUs) / MAX_ACK_STRETCH);
    const shortestUs = spanUs - uncertainUs;
    this.certainty = spanUs / uncertainUs;
    this.lowRate = Math.min((bytes * 1e6) / longestUs, MAX_BW);
    // A pause somewhere on the way makes a train longer, and never shorter.
    const highRate = shortestUs > 0 ? Math.max((bytes * 1e6) / shortestUs, this.fastest * 1e6) : MAX_BW;
    const sentRate = (this.bytesSent * 1e6) / Math.max(1, this.lastSentUs - this.firstSentUs);
    this.highRate =
      highRate < Math.min(SPACED * sentRate, MAX_BW) ? Math.max(highRate, this.lowRate) : MAX_BW;
    return true;
  }
}
