import {
  DeliveryRateEstimator,
  initialWindowBytes,
  Pacer,
  PolicyController,
  type RatePolicy,
  type RememberedPath,
  RttEstimator,
} from '@jetstream/congestion';
import {
  type AckFrame,
  FLOAT_ZERO,
  MAX_RATE_BYTES_PER_SECOND,
  MIN_DATAGRAM_BYTES,
} from '@jetstream/protocol';
import type { CongestionName } from '../endpoint-contract.ts';
import { AckFrequency } from './ack-frequency.ts';
import { EcnValidation } from './ecn-validation.ts';
import { type ContentListener, LossDetection, type PacketListener } from './loss-detection.ts';
import { PathMtu } from './path/path-mtu.ts';
import { PROBES_PER_TIMEOUT, ProbeTimeout } from './probe-timeout.ts';
import { DEFAULT_MAX_ACK_DELAY_US, DEFAULT_PACKET_THRESHOLD } from './received-packets.ts';
import { SentPackets } from './sent-packets.ts';

/** Probe timeouts in a row after which the first of two probes goes in a small datagram: the path may have stopped to take large ones. */
const SMALL_PROBES_FROM_COUNT = 2;

export interface RecoverySetup {
  congestion: CongestionName;
  ratePolicy: RatePolicy;
  /** Smaller of what our path and the peer take. */
  maxDatagramBytes: number;
  /** RTT seen by the handshake, 0 for none. */
  handshakeRttUs: number;
  /** What an earlier connection saw of the path. */
  rememberedPath: RememberedPath | undefined;
  /** Our datagrams are marked ECT(0). */
  marksEcn: boolean;
  /** Random in [0, 1). */
  random: () => number;
  contents: ContentListener;
}

/** Everything about one path's sending: RTT, losses, probe timeouts, congestion control, pacing, path MTU. */
export class Recovery implements PacketListener {
  readonly sent = new SentPackets();
  readonly rtt = new RttEstimator();
  readonly rate = new DeliveryRateEstimator();
  readonly ackFrequency = new AckFrequency(DEFAULT_PACKET_THRESHOLD, DEFAULT_MAX_ACK_DELAY_US);
  readonly controller: PolicyController;
  readonly pacer: Pacer;
  readonly loss: LossDetection;
  readonly probeTimeout: ProbeTimeout;
  readonly mtu: PathMtu;
  private policyCap: number;
  private rateCap: number = Number.POSITIVE_INFINITY;
  private nextRoundUs = FLOAT_ZERO;
  private deliveredAtRoundStart = FLOAT_ZERO;

  constructor(setup: RecoverySetup) {
    const { maxDatagramBytes, handshakeRttUs } = setup;
    this.mtu = new PathMtu(maxDatagramBytes);
    const { datagramBytes } = this.mtu;
    if (handshakeRttUs > 0) this.rtt.onSample(handshakeRttUs, 0, 0);
    this.controller = new PolicyController({
      congestion: setup.congestion,
      policy: setup.ratePolicy,
      datagramBytes,
      initialWindowBytes: initialWindowBytes(datagramBytes),
      handshakeRttUs,
      rememberedPath: setup.rememberedPath,
      random: setup.random,
    });
    this.pacer = new Pacer(this.controller.pacingRate, datagramBytes);
    this.policyCap = highestRate(setup.ratePolicy);
    this.pacer.setCap(this.policyCap);
    this.loss = new LossDetection(
      this.sent,
      this.rtt,
      this.rate,
      this.controller,
      this,
      setup.contents,
      new EcnValidation(setup.marksEcn),
    );
    this.probeTimeout = new ProbeTimeout(this.rtt);
  }

  /** UDP payload of a full datagram now. */
  get datagramBytes(): number {
    return this.mtu.datagramBytes;
  }

  /** UDP payload that the next datagram may have. Of two probes of a silent path one is small: what arrives tells an outage from a black hole. */
  get nextDatagramBytes(): number {
    const { probeTimeout, mtu } = this;
    const isFirstProbe = probeTimeout.probesDue === PROBES_PER_TIMEOUT;
    const isSmallProbe = isFirstProbe && probeTimeout.count >= SMALL_PROBES_FROM_COUNT;
    return isSmallProbe ? Math.min(MIN_DATAGRAM_BYTES, mtu.datagramBytes) : mtu.datagramBytes;
  }

  /** Does the congestion window have room for a full datagram? */
  get hasWindow(): boolean {
    return this.loss.bytesInFlight + this.mtu.datagramBytes <= this.controller.windowBytes;
  }

  /** @throws JetStreamError `invalid-argument` for a policy that cannot be */
  setRatePolicy(nowUs: number, policy: RatePolicy): void {
    this.controller.setPolicy(nowUs, policy);
    this.policyCap = highestRate(policy);
    this.applyCaps();
    this.pacer.setRate(this.controller.pacingRate);
  }

  /** @param bytesPerSecond never to exceed, whatever the policy; Infinity for no bound */
  setRateCap(bytesPerSecond: number): void {
    this.rateCap = bytesPerSecond;
    this.applyCaps();
  }

  /** Enters the packet just built, under the number `sent.nextNumber`; see `SentPackets.add`. */
  onPacketSent(
    nowUs: number,
    bytes: number,
    contentStart: number,
    ackEliciting: boolean,
    isMtuProbe: boolean,
  ): void {
    this.loss.onPacketSent(nowUs, bytes, contentStart, ackEliciting, isMtuProbe);
    if (!ackEliciting) return;
    this.pacer.onSent(nowUs, bytes);
    // Asked here, for a number with a fraction given to a function may be put on the heap.
    if (this.controller.pacingRate !== this.pacer.controllerRate)
      this.pacer.setRate(this.controller.pacingRate);
    this.probeTimeout.onElicitingSent();
    if (isMtuProbe) this.mtu.onProbeSent(bytes);
  }

  /** @throws JetStreamError `protocol-violation` for a packet never sent (FR-2) */
  onAck(nowUs: number, ack: AckFrame): void {
    if (this.loss.onAck(nowUs, ack, this.ackFrequency.maxDelayUs)) this.probeTimeout.onAcked();
    this.pacer.setRate(this.controller.pacingRate);
    if (nowUs < this.nextRoundUs) return;
    const deliveredBytes = this.rate.deliveredBytes - this.deliveredAtRoundStart;
    this.ackFrequency.update(this.rtt.smoothedUs, deliveredBytes, this.mtu.datagramBytes);
    this.deliveredAtRoundStart = this.rate.deliveredBytes;
    this.nextRoundUs = nowUs + this.rtt.smoothedUs;
  }

  /** When `onTimeout` must be called (RFC 9002 A.8); Infinity for never. */
  get timeoutUs(): number {
    const { loss } = this;
    if (loss.lossTimeUs !== Number.POSITIVE_INFINITY) return loss.lossTimeUs;
    if (loss.bytesInFlight <= 0) return Number.POSITIVE_INFINITY;
    return this.probeTimeout.deadlineUs(loss.lastElicitingSentUs, this.ackFrequency.maxDelayUs);
  }

  onTimeout(nowUs: number): void {
    const { loss } = this;
    if (loss.lossTimeUs <= nowUs) {
      loss.detectLosses(nowUs, this.ackFrequency.maxDelayUs);
      this.pacer.setRate(this.controller.pacingRate);
    } else {
      this.probeTimeout.onExpired();
      loss.requeueForProbes(PROBES_PER_TIMEOUT);
    }
  }

  /** The current probe timeout without back-off. */
  get probeTimeoutUs(): number {
    return this.probeTimeout.baseUs(this.ackFrequency.maxDelayUs);
  }

  /** There was nothing to send, no credit, or a rate cap: the path can do more than what is seen. */
  onApplicationLimited(nowUs: number): void {
    this.rate.onApplicationLimited(this.loss.bytesInFlight);
    this.controller.onApplicationLimited(nowUs, this.loss.bytesInFlight);
  }

  /**
   * The peer moved; what is in flight goes again. @param onlyPort most likely a NAT gave it another port: the path is the same
   */
  onMigration(nowUs: number, onlyPort: boolean): void {
    this.loss.discardInFlight();
    this.probeTimeout.onAcked();
    if (onlyPort) return;
    this.rtt.reset();
    this.controller.reset(nowUs);
    this.mtu.restart(nowUs);
    this.applyDatagramBytes();
    this.pacer.setRate(this.controller.pacingRate);
  }

  onPacketAcked(packetNumber: number, bytes: number, isMtuProbe: boolean): void {
    if (!isMtuProbe) this.mtu.onPacketAcked(packetNumber, bytes);
    else if (this.mtu.onProbeAcked(bytes)) this.applyDatagramBytes();
  }

  onPacketLost(
    nowUs: number,
    packetNumber: number,
    bytes: number,
    sentUs: number,
    isMtuProbe: boolean,
  ): void {
    if (isMtuProbe) this.mtu.onProbeLost(bytes);
    else if (this.mtu.onPacketLost(nowUs, packetNumber, bytes, sentUs, this.rtt.smoothedUs))
      this.applyDatagramBytes();
  }

  private applyCaps(): void {
    this.pacer.setCap(Math.min(this.policyCap, this.rateCap));
  }

  private applyDatagramBytes(): void {
    this.controller.onDatagramBytes(this.mtu.datagramBytes);
    this.pacer.setDatagramBytes(this.mtu.datagramBytes);
  }
}

/** The rate that a user set and not the path: whoever sends as fast is held by it. */
function highestRate({ targetBytesPerSecond, capBytesPerSecond }: RatePolicy): number {
  return Math.min(
    targetBytesPerSecond ?? MAX_RATE_BYTES_PER_SECOND,
    capBytesPerSecond ?? MAX_RATE_BYTES_PER_SECOND,
  );
}
