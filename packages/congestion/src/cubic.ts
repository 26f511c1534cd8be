import { FLOAT_ZERO, MAX_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import { CongestionEvent } from './congestion-event.ts';
import type { AckSample, CongestionController, ControllerOptions, LossSample } from './controller.ts';
import { HyStart } from './hystart.ts';
import { usesWindow } from './window-validation.ts';

// RFC 9438 §4.1, §4.3, §4.6.
const C = 0.4;
const BETA = 0.7;
const MAX_TARGET_GROWTH = 1.5;
const MIN_WINDOW_DATAGRAMS = 2;
/** Guards against arithmetic without end: 10 Gbit/s for almost 7 s. */
const MAX_WINDOW_BYTES = 2 ** 33;
/** RFC 9002 §7.7. Slow start needs to send twice the window in one round trip. */
const PACING_GAIN = 1.25;
const SLOW_START_PACING_GAIN = 2;
/** Before the first RTT sample the initial window is spread over this. */
const UNKNOWN_RTT_US = 1_000;

/**
 * CUBIC (RFC 9438) with HyStart++ (RFC 9406) and pacing. The yardstick for fairness, the choice of networks that demand
 * loss-based control, and a check of the simulator; on long paths with loss it is slow by nature.
 */
export class Cubic implements CongestionController {
  readonly name = 'cubic';
  windowBytes = FLOAT_ZERO;
  pacingRate = FLOAT_ZERO;

  private datagramBytes: number;
  private readonly initialWindowBytes: number;
  private hystart = new HyStart();
  /** Window at which slow start ends; Infinity until it first did. */
  private slowStartThreshold = Number.POSITIVE_INFINITY;
  private smoothedRttUs = UNKNOWN_RTT_US;
  private lastAckUs = FLOAT_ZERO;

  // The growth curve of one epoch.
  private inEpoch = false;
  private epochStartUs = FLOAT_ZERO;
  /** Where the curve levels off (W_max): the window at the last reduction, less a little with fast convergence. */
  private plateauBytes = 0;
  /** Seconds from the start of the epoch to the plateau (K). */
  private plateauSeconds = 0;
  /** The window Reno would have (W_est). */
  private renoBytes = 0;

  private event = new CongestionEvent();
  private before = { windowBytes: 0, slowStartThreshold: 0, plateauBytes: 0 };

  // As for `flows` flows together.
  private beta = BETA;
  private renoAlpha = 0;

  constructor(options: ControllerOptions) {
    this.flows = options.flows ?? 1;
    this.datagramBytes = options.datagramBytes;
    this.initialWindowBytes = options.initialWindowBytes;
    this.setWindow(options.initialWindowBytes);
  }

  /**
   * `ControllerOptions.flows`; may be changed at any time. Of several flows one at a time has a loss, and all grow (MulTCP, as in
   * Chromium's CUBIC).
   */
  set flows(flows: number) {
    this.beta = (flows - 1 + BETA) / flows;
    this.renoAlpha = (3 * flows * flows * (1 - this.beta)) / (1 + this.beta);
  }

  get phase(): string {
    if (this.inSlowStart) return this.hystart.conservative ? 'conservative-slow-start' : 'slow-start';
    return this.inEpoch ? 'congestion-avoidance' : 'recovery';
  }

  onPacketSent(): void {}

  onAck(sample: AckSample): void {
    const sinceLastAckUs = Math.max(0, sample.nowUs - this.lastAckUs);
    this.lastAckUs = sample.nowUs;
    if (sample.smoothedRttUs > 0) this.smoothedRttUs = sample.smoothedRttUs;
    const inRecovery = this.event.isRecovering(sample);
    if (sample.ecnCeCount > 0 && !inRecovery) this.onCongestion(sample.nowUs, sample.deliveredBytes);
    else if (inRecovery || sample.ackedBytes <= 0) this.setWindow(this.windowBytes);
    else if (!usesWindow(sample, this.windowBytes, this.datagramBytes)) this.epochStartUs += sinceLastAckUs;
    else if (this.inSlowStart) this.slowStart(sample);
    else this.avoidCongestion(sample);
  }

  onPacketLost(loss: LossSample): void {
    if (!this.event.covers(loss.sentUs)) this.onCongestion(loss.nowUs, loss.deliveredBytes);
    this.event.onLost(loss.packetBytes);
  }

  onSpuriousLoss(_nowUs: number, packetBytes: number): void {
    if (!this.event.onSpuriousLoss(packetBytes)) return;
    this.inEpoch = false;
    this.slowStartThreshold = this.before.slowStartThreshold;
    this.plateauBytes = this.before.plateauBytes;
    this.setWindow(Math.max(this.windowBytes, this.before.windowBytes));
  }

  onPersistentCongestion(): void {
    this.event.forgetLosses();
    this.inEpoch = false;
    this.setWindow(0);
  }

  onDatagramBytes(datagramBytes: number): void {
    this.datagramBytes = datagramBytes;
    this.setWindow(this.windowBytes);
  }

  onApplicationLimited(): void {}

  reset(): void {
    this.hystart = new HyStart();
    this.slowStartThreshold = Number.POSITIVE_INFINITY;
    this.smoothedRttUs = UNKNOWN_RTT_US;
    this.inEpoch = false;
    this.plateauBytes = 0;
    this.event = new CongestionEvent();
    this.setWindow(this.initialWindowBytes);
  }

  private get inSlowStart(): boolean {
    return this.windowBytes < this.slowStartThreshold;
  }

  private slowStart(sample: AckSample): void {
    const first = this.slowStartThreshold === Number.POSITIVE_INFINITY;
    const over = first && this.hystart.onAck(sample);
    const growth = first ? this.hystart.growth(sample.ackedBytes) : sample.ackedBytes;
    if (over) this.slowStartThreshold = this.windowBytes;
    else this.setWindow(this.windowBytes + growth);
  }

  private avoidCongestion(sample: AckSample): void {
    if (!this.inEpoch) this.startEpoch(sample.nowUs);
    const window = this.windowBytes;
    const seconds = Math.max(0, sample.nowUs - this.epochStartUs) / 1e6;
    const renoAlpha = this.renoBytes >= this.plateauBytes ? 1 : this.renoAlpha;
    this.renoBytes = Math.min(
      this.renoBytes + (renoAlpha * this.datagramBytes * sample.ackedBytes) / window,
      MAX_WINDOW_BYTES,
    );
    if (this.curve(seconds) < this.renoBytes) {
      this.setWindow(Math.max(window, this.renoBytes));
      return;
    }
    const target = this.curve(seconds + this.smoothedRttUs / 1e6);
    const bounded = Math.min(Math.max(target, window), MAX_TARGET_GROWTH * window);
    this.setWindow(window + ((bounded - window) * sample.ackedBytes) / window);
  }

  private startEpoch(nowUs: number): void {
    this.inEpoch = true;
    this.epochStartUs = nowUs;
    this.renoBytes = this.windowBytes;
    this.plateauBytes = Math.max(this.plateauBytes, this.windowBytes);
    this.plateauSeconds = Math.cbrt((this.plateauBytes - this.windowBytes) / this.datagramBytes / C);
  }

  /** W_cubic(t), bytes. */
  private curve(seconds: number): number {
    return C * (seconds - this.plateauSeconds) ** 3 * this.datagramBytes + this.plateauBytes;
  }

  private onCongestion(nowUs: number, deliveredBytes: number): void {
    this.before.windowBytes = this.windowBytes;
    this.before.slowStartThreshold = this.slowStartThreshold;
    this.before.plateauBytes = this.plateauBytes;
    this.event.begin(nowUs, deliveredBytes);
    // Fast convergence: a flow that did not get back to its old window leaves room for newcomers.
    const shrinking = this.windowBytes < this.plateauBytes;
    this.plateauBytes = shrinking ? (this.windowBytes * (1 + this.beta)) / 2 : this.windowBytes;
    this.inEpoch = false;
    this.setWindow(this.windowBytes * this.beta);
    this.slowStartThreshold = this.windowBytes;
  }

  private setWindow(bytes: number): void {
    const floor = MIN_WINDOW_DATAGRAMS * this.datagramBytes;
    this.windowBytes = Math.min(Math.max(bytes, floor), MAX_WINDOW_BYTES);
    const gain = this.inSlowStart && !this.hystart.conservative ? SLOW_START_PACING_GAIN : PACING_GAIN;
    this.pacingRate = Math.min(
      (gain * this.windowBytes * 1e6) / this.smoothedRttUs,
      MAX_RATE_BYTES_PER_SECOND,
    );
  }
}
