import { FLOAT_ZERO, MAX_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import { CongestionEvent } from '../congestion-event.ts';
import type { AckSample, CongestionController, ControllerOptions, LossSample } from '../controller.ts';
import { usesWindow } from '../window-validation.ts';
import { QueueingDelay } from './queueing-delay.ts';
import { Slowdown } from './slowdown.ts';

// draft-irtf-iccrg-ledbat-plus-plus-06 §4.
const TARGET_US = 60_000;
const MAX_GAIN_DIVISOR = 16;
/** Of the target: the queue at which the first slow start ends. */
const SLOW_START_EXIT = 3 / 4;
const DECREASE = 1;
const MAX_DECREASE = 1 / 2;
const LOSS_DECREASE = 1 / 2;
const MIN_WINDOW_DATAGRAMS = 2;

// Ours, not the draft's: docs/CONGESTION.md has the reasons.
/** The target is at most this part of the base RTT: less than the queue that BBR makes in its probes… */
const TARGET_FRACTION = 1 / 4;
/** …but more than the lateness of a busy machine's timers. */
const MIN_TARGET_US = 4_000;
/** Of the target: the queue at which the way back to the window from before a slowdown ends early. */
const RETURN_EXIT = 2;

/** RFC 9002 §7.7: the window, not the pacer, is to be what limits. */
const PACING_GAIN = 1.25;
/** Guards against arithmetic without end: 10 Gbit/s for almost 7 s. */
const MAX_WINDOW_BYTES = 2 ** 33;
/** Before the first RTT sample the initial window is spread over this. */
const UNKNOWN_RTT_US = 1_000;

/**
 * LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): takes what others leave. It keeps the queue at a small target and shrinks when
 * others lengthen it; a loss halves it. By nature slow on long paths with random loss.
 */
export class Ledbat implements CongestionController {
  readonly name = 'ledbat';
  windowBytes = FLOAT_ZERO;
  pacingRate = FLOAT_ZERO;

  private datagramBytes: number;
  private readonly initialWindowBytes: number;
  private delay = new QueueingDelay();
  private slowdown = new Slowdown();
  /** The last reduction for a loss, and the last for the queue. */
  private lossEvent = new CongestionEvent();
  private queueEvent = new CongestionEvent();
  private inSlowStart = true;
  /** Window at which slow start ends; Infinity until it first did. */
  private slowStartThreshold = Number.POSITIVE_INFINITY;
  private smoothedRttUs = UNKNOWN_RTT_US;
  /** What was sent before this time is no concern of ours: another path or another controller sent it. */
  private sinceUs = FLOAT_ZERO;
  private before = { windowBytes: 0, slowStartThreshold: 0 };

  constructor(options: ControllerOptions) {
    this.datagramBytes = options.datagramBytes;
    this.initialWindowBytes = options.initialWindowBytes;
    this.setWindow(options.initialWindowBytes);
  }

  get phase(): string {
    if (this.slowdown.isFrozen) return 'slowdown';
    return this.inSlowStart ? 'slow-start' : 'congestion-avoidance';
  }

  onPacketSent(): void {}

  onAck(sample: AckSample): void {
    const { nowUs } = sample;
    if (sample.smoothedRttUs > 0) this.smoothedRttUs = sample.smoothedRttUs;
    if (nowUs - sample.rttUs < this.sinceUs) return;
    this.delay.onAck(sample);
    this.updateSlowdown(nowUs);
    const inRecovery = this.lossEvent.isRecovering(sample);
    if (sample.ecnCeCount > 0 && !inRecovery) this.onCongestion(nowUs, sample.deliveredBytes);
    else if (inRecovery || this.slowdown.isFrozen || this.queueEvent.isRecovering(sample))
      this.setWindow(this.windowBytes);
    else if (!this.inSlowStart && this.delay.delayUs > this.targetUs) this.yieldToQueue(sample);
    else if (sample.ackedBytes <= 0 || !usesWindow(sample, this.windowBytes, this.datagramBytes))
      this.setWindow(this.windowBytes);
    else if (this.inSlowStart) this.slowStart(sample);
    else
      this.setWindow(
        this.windowBytes + (this.gain * this.datagramBytes * sample.ackedBytes) / this.windowBytes,
      );
  }

  onPacketLost(loss: LossSample): void {
    if (loss.sentUs < this.sinceUs) return;
    if (!this.lossEvent.covers(loss.sentUs)) this.onCongestion(loss.nowUs, loss.deliveredBytes);
    this.lossEvent.onLost(loss.packetBytes);
  }

  onSpuriousLoss(_nowUs: number, packetBytes: number): void {
    if (!this.lossEvent.onSpuriousLoss(packetBytes)) return;
    this.slowStartThreshold = this.before.slowStartThreshold;
    this.setWindow(Math.max(this.windowBytes, this.before.windowBytes));
  }

  /** Falls to the smallest window and slowly starts towards the one before: an outage says nothing about the path's rate. */
  onPersistentCongestion(): void {
    this.lossEvent.forgetLosses();
    this.slowStartThreshold = Math.min(this.slowStartThreshold, this.windowBytes);
    this.inSlowStart = true;
    this.setWindow(0);
  }

  onDatagramBytes(datagramBytes: number): void {
    this.datagramBytes = datagramBytes;
    this.setWindow(this.windowBytes);
  }

  onApplicationLimited(): void {}

  reset(nowUs: number): void {
    this.sinceUs = nowUs;
    this.delay = new QueueingDelay();
    this.slowdown = new Slowdown();
    this.lossEvent = new CongestionEvent();
    this.queueEvent = new CongestionEvent();
    this.inSlowStart = true;
    this.slowStartThreshold = Number.POSITIVE_INFINITY;
    this.smoothedRttUs = UNKNOWN_RTT_US;
    this.setWindow(this.initialWindowBytes);
  }

  private get targetUs(): number {
    return Math.min(TARGET_US, Math.max(MIN_TARGET_US, TARGET_FRACTION * this.delay.baseUs));
  }

  /** Growth of a window in one round trip, in datagrams: smaller on short paths, so that all paths grow alike in time. */
  private get gain(): number {
    const { baseUs } = this.delay;
    return baseUs > 0 ? 1 / Math.min(MAX_GAIN_DIVISOR, Math.ceil((2 * TARGET_US) / baseUs)) : 1;
  }

  private updateSlowdown(nowUs: number): void {
    const { slowdown } = this;
    slowdown.onTime(nowUs, this.smoothedRttUs);
    if (!slowdown.isDue(nowUs)) return;
    slowdown.begin(nowUs);
    this.slowStartThreshold = this.windowBytes;
    this.inSlowStart = true;
    this.setWindow(0);
  }

  private slowStart(sample: AckSample): void {
    const isFirst = this.slowStartThreshold === Number.POSITIVE_INFINITY;
    if (this.delay.delayUs > this.targetUs * (isFirst ? SLOW_START_EXIT : RETURN_EXIT)) {
      this.endSlowStartByQueue(sample);
      return;
    }
    const grown = this.windowBytes + this.gain * sample.ackedBytes;
    this.setWindow(Math.min(grown, this.slowStartThreshold));
    if (this.windowBytes >= this.slowStartThreshold) this.endSlowStart(sample.nowUs);
  }

  /**
   * So much was in flight as made the queue now seen; what was sent since only lengthens it, and what is lost of that calls for no
   * other reduction.
   */
  private endSlowStartByQueue({ nowUs, deliveredBytes, transmitBytesInFlight }: AckSample): void {
    const { windowBytes } = this;
    this.setWindow(Math.min(windowBytes, Math.max(transmitBytesInFlight, windowBytes / 2)));
    this.before.windowBytes = this.windowBytes;
    this.before.slowStartThreshold = this.windowBytes;
    this.queueEvent.begin(nowUs, deliveredBytes);
    this.lossEvent.begin(nowUs, deliveredBytes);
    this.endSlowStart(nowUs);
  }

  private endSlowStart(nowUs: number): void {
    this.inSlowStart = false;
    this.slowStartThreshold = this.windowBytes;
    this.slowdown.plan(nowUs, this.smoothedRttUs);
  }

  /** Multiplicative decrease: once a round trip, as only the next one shows what the last did. */
  private yieldToQueue(sample: AckSample): void {
    const excess = this.delay.delayUs / this.targetUs - 1;
    const decrease = Math.min(DECREASE * excess, MAX_DECREASE);
    this.queueEvent.begin(sample.nowUs, sample.deliveredBytes);
    this.setWindow(this.windowBytes * (1 - decrease));
  }

  private onCongestion(nowUs: number, deliveredBytes: number): void {
    this.before.windowBytes = this.windowBytes;
    this.before.slowStartThreshold = this.slowStartThreshold;
    this.lossEvent.begin(nowUs, deliveredBytes);
    this.setWindow(this.windowBytes * LOSS_DECREASE);
    this.slowStartThreshold = this.windowBytes;
    if (this.inSlowStart && !this.slowdown.isFrozen) this.endSlowStart(nowUs);
  }

  private setWindow(bytes: number): void {
    const floor = MIN_WINDOW_DATAGRAMS * this.datagramBytes;
    this.windowBytes = Math.min(Math.max(bytes, floor), MAX_WINDOW_BYTES);
    const gain = this.inSlowStart ? Math.max(PACING_GAIN, 1 + this.gain) : PACING_GAIN;
    this.pacingRate = Math.min(
      (gain * this.windowBytes * 1e6) / this.smoothedRttUs,
      MAX_RATE_BYTES_PER_SECOND,
    );
  }
}
