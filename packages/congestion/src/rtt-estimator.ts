import { FLOAT_ZERO } from '@jetstream/protocol';
/** RFC 9002 §6.2.2: RTT assumed before the first sample. */
export const INITIAL_RTT_US = 333_000;
/** RFC 9002 §6.1.2: finest timer a sender is taken to have. */
export const TIMER_GRANULARITY_US = 1_000;
/** No RTT is believed beyond this; a peer cannot push timers past it. */
export const MAX_RTT_US = 60_000_000;

const SMOOTHING = 1 / 8;
const VARIANCE_SMOOTHING = 1 / 4;

/** Round-trip time of one path, as RFC 9002 §5 has it. All values are microseconds, 0 before the first sample. */
export class RttEstimator {
  latestUs = FLOAT_ZERO;
  smoothedUs = FLOAT_ZERO;
  varianceUs = FLOAT_ZERO;
  /** Smallest sample since the start or `reset`, without subtracting the peer's delay. BBR keeps its own windowed minimum. */
  minUs = FLOAT_ZERO;

  get hasSample(): boolean {
    return this.minUs > 0;
  }

  /**
   * Takes the time from sending the largest newly acknowledged packet to its ACK.
   * @param sampleUs not above zero or not finite: ignored
   * @param ackDelayUs what the peer says it waited; believed up to `maxAckDelayUs`, and never below `minUs`
   * @param maxAckDelayUs largest delay the peer was asked to keep; Infinity before the handshake is confirmed
   */
  onSample(sampleUs: number, ackDelayUs: number, maxAckDelayUs: number): void {
    if (!(sampleUs > 0)) return;
    const sample = Math.min(sampleUs, MAX_RTT_US);
    this.latestUs = sample;
    if (!this.hasSample) {
      this.minUs = sample;
      this.smoothedUs = sample;
      this.varianceUs = sample / 2;
      return;
    }
    this.minUs = Math.min(this.minUs, sample);
    const believedDelay = ackDelayUs > 0 ? Math.min(ackDelayUs, maxAckDelayUs) : 0;
    const adjusted = sample >= this.minUs + believedDelay ? sample - believedDelay : sample;
    const deviation = Math.abs(this.smoothedUs - adjusted);
    this.varianceUs += VARIANCE_SMOOTHING * (deviation - this.varianceUs);
    this.smoothedUs += SMOOTHING * (adjusted - this.smoothedUs);
  }

  /** Probe timeout of RFC 9002 §6.2.1, before any back-off. */
  probeTimeoutUs(maxAckDelayUs: number): number {
    if (!this.hasSample) return 2 * INITIAL_RTT_US + maxAckDelayUs;
    return this.smoothedUs + Math.max(4 * this.varianceUs, TIMER_GRANULARITY_US) + maxAckDelayUs;
  }

  /** RFC 9002 §6.1.2: a packet sent this long before an acknowledged one is lost (9/8 of the RTT). */
  lossDelayUs(): number {
    const rttUs = this.hasSample ? Math.max(this.smoothedUs, this.latestUs) : INITIAL_RTT_US;
    return Math.max((9 / 8) * rttUs, TIMER_GRANULARITY_US);
  }

  /** RFC 9002 §7.6.1: losses that span this long, nothing acknowledged between them, are persistent congestion. */
  persistentCongestionUs(maxAckDelayUs: number): number {
    return 3 * this.probeTimeoutUs(maxAckDelayUs);
  }

  /** New path: forget everything (RFC 9000 §9.4). */
  reset(): void {
    this.latestUs = 0;
    this.smoothedUs = 0;
    this.varianceUs = 0;
    this.minUs = 0;
  }
}
