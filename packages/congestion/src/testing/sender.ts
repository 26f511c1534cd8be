import { ARRIVAL_MODULUS_US } from '@jetstream/protocol';
import { checkInvariants, checkNumbers } from '../check-invariants.ts';
import type { CongestionController } from '../controller.ts';
import { DeliveryRateEstimator } from '../delivery-rate-estimator.ts';
import { Pacer } from '../pacer.ts';
import { RttEstimator } from '../rtt-estimator.ts';
import { newAckSample, newLossSample } from '../samples.ts';
import type { PacketSink, SharedLink } from './bottleneck.ts';

const PACKET_THRESHOLD = 3;
const DEFAULT_ACK_EVERY = 2;
const DEFAULT_ACK_DELAY_US = 5_000;
const RING = 1 << 18;
const MASK = RING - 1;
const FREE = 0;
const IN_FLIGHT = 1;

export interface SenderOptions {
  controller: CongestionController;
  bottleneck: SharedLink;
  /** Round-trip propagation delay, all of it behind the bottleneck. */
  rttUs: number;
  datagramBytes: number;
  startUs?: number;
  /** Bytes that the application has produced by a time; default without end. */
  producedBytes?: (nowUs: number) => number;
  /** Propagation delay that joins `rttUs` for what is sent at some times. */
  extraDelayUs?: (nowUs: number) => number;
  /** Packets that one ACK covers, unless `ackDelayUs` pass before. Default 2. */
  ackEvery?: number;
  /** Default 5 ms. */
  ackDelayUs?: number;
  /** Delay added at random to each packet: up to so much. Default 0. */
  jitterUs?: number;
  /** May delays change the order of packets? Default false: a packet waits for those before it. */
  reorders?: boolean;
  /** Needed for jitter. */
  random?: () => number;
  /** What the receiver's clock shows at a time, or what it says that it shows. Default: the same time. */
  arrivalClock?: (nowUs: number) => number;
  /** Lateness of the timer that the pacer uses. Default 0. */
  timerGranularityUs?: number;
}

/**
 * A bulk sender and its receiver with perfect knowledge of what arrived: packet threshold and time threshold loss detection,
 * probe timeouts and persistent congestion of RFC 9002, an ACK for every second packet or after 5 ms. Retransmission is not
 * modelled: a lost packet's content is worth nothing and another packet is sent instead.
 */
export class Sender implements PacketSink {
  readonly controller: CongestionController;
  readonly rtt = new RttEstimator();
  readonly estimator = new DeliveryRateEstimator();
  readonly pacer: Pacer;
  readonly startUs: number;
  sentBytes = 0;
  ackedBytes = 0;
  lostBytes = 0;
  bytesInFlight = 0;

  readonly #bottleneck: SharedLink;
  readonly #rttUs: number;
  readonly #datagramBytes: number;
  readonly #produced: ((nowUs: number) => number) | undefined;
  readonly #granularityUs: number;
  readonly #ackEvery: number;
  readonly #ackDelayUs: number;
  readonly #arrivalClock: (nowUs: number) => number;
  readonly #jitterUs: number;
  readonly #reorders: boolean;
  readonly #random: () => number;
  readonly #extraDelayUs: (nowUs: number) => number;
  #lastArrivalUs = 0;
  readonly #sentUs = new Float64Array(RING);
  readonly #state = new Uint8Array(RING);
  #nextPacket = 0;
  #oldest = 0;
  #largestAcked = -1;

  // Packets on their way to the receiver, in order; arrival and ACK fall together.
  readonly #arrivalUs = new Float64Array(RING);
  readonly #arrivalPacket = new Float64Array(RING);
  #arrivalHead = 0;
  #arrivalTail = 0;
  #received = 0;
  #lastArrivedUs = 0;
  #pendingFrom = 0;
  #ackDueUs = Number.POSITIVE_INFINITY;

  #sendDueUs: number;
  #probeDueUs = Number.POSITIVE_INFINITY;
  #probeCount = 0;
  #unchecked = false;
  readonly #ack = newAckSample();
  readonly #loss = newLossSample();

  constructor(options: SenderOptions) {
    this.controller = options.controller;
    this.#bottleneck = options.bottleneck;
    this.#rttUs = options.rttUs;
    this.#datagramBytes = options.datagramBytes;
    this.#produced = options.producedBytes;
    this.#granularityUs = options.timerGranularityUs ?? 0;
    this.#ackEvery = options.ackEvery ?? DEFAULT_ACK_EVERY;
    this.#ackDelayUs = options.ackDelayUs ?? DEFAULT_ACK_DELAY_US;
    this.#arrivalClock = options.arrivalClock ?? ((nowUs) => nowUs);
    this.#jitterUs = options.jitterUs ?? 0;
    this.#reorders = options.reorders ?? false;
    this.#random = options.random ?? (() => 0);
    this.#extraDelayUs = options.extraDelayUs ?? (() => 0);
    this.startUs = options.startUs ?? 0;
    this.#sendDueUs = this.startUs;
    this.pacer = new Pacer(this.controller.pacingRate, options.datagramBytes);
  }

  nextEventUs(): number {
    const arrivalUs =
      this.#arrivalHead === this.#arrivalTail
        ? Number.POSITIVE_INFINITY
        : this.#arrivalUs[this.#arrivalHead & MASK]!;
    return Math.min(arrivalUs, this.#ackDueUs, this.#sendDueUs, this.#probeDueUs);
  }

  handleEvent(nowUs: number): void {
    while (this.#arrivalHead !== this.#arrivalTail && this.#arrivalUs[this.#arrivalHead & MASK]! <= nowUs)
      this.#onArrival(nowUs);
    if (this.#ackDueUs <= nowUs) this.#onAckFrame(nowUs);
    if (this.#probeDueUs <= nowUs) this.#onProbeTimeout(nowUs);
    this.#sendAllowed(nowUs);
    if (this.#unchecked) this.#check();
  }

  /** Anything but an ordinary sending, which changes no more than the pacer's schedule, has all state looked at. */
  #check(): void {
    this.#unchecked = false;
    checkInvariants(this.controller, this.#datagramBytes);
    checkNumbers(this.pacer, 'pacer');
    checkNumbers(this.rtt, 'rtt');
    checkNumbers(this.estimator, 'estimator');
    checkNumbers(this.#ack, 'ack');
    checkNumbers(this.#loss, 'loss');
  }

  #onArrival(nowUs: number): void {
    const packet = this.#arrivalPacket[this.#arrivalHead++ & MASK]!;
    this.#lastArrivedUs = nowUs;
    const gap = this.#arrivalHead > 1 && packet > this.#received + 1;
    this.#received = Math.max(this.#received, packet);
    const pending = this.#arrivalHead - this.#pendingFrom;
    if (pending >= this.#ackEvery || gap) this.#onAckFrame(nowUs);
    else this.#ackDueUs = Math.min(this.#ackDueUs, nowUs + this.#ackDelayUs);
  }

  #onAckFrame(nowUs: number): void {
    this.#ackDueUs = Number.POSITIVE_INFINITY;
    const priorBytesInFlight = this.bytesInFlight;
    let ackedBytes = 0;
    let largest = -1;
    for (; this.#pendingFrom < this.#arrivalHead; this.#pendingFrom++) {
      const packet = this.#arrivalPacket[this.#pendingFrom & MASK]!;
      if (this.#state[packet & MASK] === IN_FLIGHT) this.bytesInFlight -= this.#datagramBytes;
      else this.controller.onSpuriousLoss(nowUs, this.#datagramBytes);
      this.#state[packet & MASK] = FREE;
      this.estimator.onPacketAcked(packet, nowUs, this.#datagramBytes);
      ackedBytes += this.#datagramBytes;
      largest = Math.max(largest, packet);
    }
    if (largest < 0) return;
    this.#unchecked = true;
    const newLargest = largest > this.#largestAcked;
    const rttUs = newLargest ? nowUs - this.#sentUs[largest & MASK]! : 0;
    this.#largestAcked = Math.max(this.#largestAcked, largest);
    this.rtt.onSample(rttUs, 0, this.#ackDelayUs);
    this.ackedBytes += ackedBytes;
    const lostBytes = this.#detectLoss(nowUs);
    const sample = this.#ack;
    sample.ackedBytes = ackedBytes;
    sample.lostBytes = lostBytes;
    sample.bytesInFlight = this.bytesInFlight;
    sample.priorBytesInFlight = priorBytesInFlight;
    sample.rttUs = rttUs;
    sample.arrivalUs = Math.trunc(this.#arrivalClock(this.#lastArrivedUs)) % ARRIVAL_MODULUS_US;
    this.estimator.fillAckSample(sample, nowUs, this.rtt.minUs);
    sample.ackDelayUs = nowUs - this.#lastArrivedUs;
    sample.smoothedRttUs = this.rtt.smoothedUs;
    sample.minRttUs = this.rtt.minUs;
    sample.largestAcked = this.#largestAcked;
    sample.ecnCeCount = 0;
    this.controller.onAck(sample);
    this.pacer.setRate(this.controller.pacingRate);
    this.#probeCount = 0;
    this.#setProbeTimer(nowUs);
  }

  #detectLoss(nowUs: number): number {
    const lostBefore = this.lostBytes;
    const lostSentBeforeUs = nowUs - this.rtt.lossDelayUs();
    let firstLostUs = -1;
    let lastLostUs = -1;
    let packet = this.#oldest;
    for (; packet < this.#largestAcked; packet++) {
      if (this.#state[packet & MASK] !== IN_FLIGHT) continue;
      const sentUs = this.#sentUs[packet & MASK]!;
      if (packet > this.#largestAcked - PACKET_THRESHOLD && sentUs > lostSentBeforeUs) break;
      if (firstLostUs < 0) firstLostUs = sentUs;
      lastLostUs = sentUs;
      this.#state[packet & MASK] = FREE;
      this.bytesInFlight -= this.#datagramBytes;
      this.lostBytes += this.#datagramBytes;
      this.estimator.onPacketLost(packet, this.#datagramBytes);
      const loss = this.#loss;
      this.estimator.fillLossSample(loss, packet);
      loss.nowUs = nowUs;
      loss.packetBytes = this.#datagramBytes;
      loss.bytesInFlight = this.bytesInFlight;
      loss.smoothedRttUs = this.rtt.smoothedUs;
      loss.minRttUs = this.rtt.minUs;
      this.controller.onPacketLost(loss);
    }
    this.#oldest = packet;
    if (firstLostUs >= 0 && lastLostUs - firstLostUs > this.rtt.persistentCongestionUs(this.#ackDelayUs))
      this.controller.onPersistentCongestion(nowUs);
    return this.lostBytes - lostBefore;
  }

  #onProbeTimeout(nowUs: number): void {
    this.#probeCount++;
    this.#send(nowUs);
    this.#send(nowUs);
    this.#setProbeTimer(nowUs);
  }

  #setProbeTimer(nowUs: number): void {
    this.#probeDueUs =
      this.bytesInFlight > 0
        ? nowUs + this.rtt.probeTimeoutUs(this.#ackDelayUs) * 2 ** Math.min(this.#probeCount, 10)
        : Number.POSITIVE_INFINITY;
  }

  #sendAllowed(nowUs: number): void {
    this.#sendDueUs = Number.POSITIVE_INFINITY;
    if (nowUs < this.startUs) {
      this.#sendDueUs = this.startUs;
      return;
    }
    while (this.bytesInFlight + this.#datagramBytes <= this.controller.windowBytes) {
      if (!this.pacer.canSend(nowUs)) {
        const dueUs = this.pacer.nextSendUs(nowUs);
        const step = this.#granularityUs;
        this.#sendDueUs = step > 0 ? Math.ceil(dueUs / step) * step : dueUs;
        return;
      }
      if (this.#produced && this.sentBytes + this.#datagramBytes > this.#produced(nowUs)) {
        this.estimator.onApplicationLimited(this.bytesInFlight);
        this.controller.onApplicationLimited(nowUs, this.bytesInFlight);
        this.#unchecked = true;
        this.#sendDueUs = nowUs + 1_000;
        return;
      }
      this.#send(nowUs);
    }
  }

  #send(nowUs: number): void {
    const packet = this.#nextPacket++;
    const bytes = this.#datagramBytes;
    this.estimator.onPacketSent(packet, nowUs, bytes, this.bytesInFlight);
    this.controller.onPacketSent(nowUs, bytes, this.bytesInFlight, packet);
    this.pacer.setRate(this.controller.pacingRate);
    this.pacer.onSent(nowUs, bytes);
    this.#sentUs[packet & MASK] = nowUs;
    this.#state[packet & MASK] = IN_FLIGHT;
    this.bytesInFlight += bytes;
    this.sentBytes += bytes;
    if (this.#probeDueUs === Number.POSITIVE_INFINITY) this.#setProbeTimer(nowUs);
    if (bytes === this.bytesInFlight) this.#unchecked = true;
    const dueUs = this.pacer.nextSendUs(nowUs);
    if (!(dueUs >= nowUs && dueUs < Number.POSITIVE_INFINITY))
      throw new Error(`the pacer is due at ${dueUs}`);
    this.#bottleneck.offer(nowUs, bytes, this, packet);
  }

  onDeparture(packet: number, departureUs: number): void {
    const sentUs = this.#sentUs[packet & MASK]!;
    const delayUs = this.#rttUs + this.#extraDelayUs(sentUs) + this.#jitterUs * this.#random();
    const arrivalUs = departureUs + delayUs;
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, arrivalUs);
    let at = this.#arrivalTail++;
    if (this.#reorders) {
      for (; at > this.#arrivalHead && this.#arrivalUs[(at - 1) & MASK]! > arrivalUs; at--) {
        this.#arrivalUs[at & MASK] = this.#arrivalUs[(at - 1) & MASK]!;
        this.#arrivalPacket[at & MASK] = this.#arrivalPacket[(at - 1) & MASK]!;
      }
    }
    this.#arrivalUs[at & MASK] = this.#reorders ? arrivalUs : this.#lastArrivalUs;
    this.#arrivalPacket[at & MASK] = packet;
  }
}
