import type { RttEstimator } from '@jetstream/congestion';

/** RC-1. */
export const PROBES_PER_TIMEOUT = 2;
/** Back-off ends here, so that a path that comes back is noticed well within the idle timeout. */
const MAX_INTERVAL_US = 5_000_000;
const MAX_BACKOFF_EXPONENT = 16;

/** Probe timeout with exponential back-off, RFC 9002 §6.2. */
export class ProbeTimeout {
  /** Timeouts in a row without an acknowledgement. */
  count = 0;
  /** Packets that may go now, whatever the congestion window says. */
  probesDue = 0;

  private readonly rtt: RttEstimator;

  constructor(rtt: RttEstimator) {
    this.rtt = rtt;
  }

  /** The current probe timeout without back-off. @param maxAckDelayUs longest delay that the peer was asked to keep */
  baseUs(maxAckDelayUs: number): number {
    return this.rtt.probeTimeoutUs(maxAckDelayUs);
  }

  /** When it expires. @param lastElicitingSentUs when the newest ack-eliciting packet left */
  deadlineUs(lastElicitingSentUs: number, maxAckDelayUs: number): number {
    const base = this.baseUs(maxAckDelayUs);
    const interval = base * (1 << Math.min(this.count, MAX_BACKOFF_EXPONENT));
    return lastElicitingSentUs + Math.max(base, Math.min(interval, MAX_INTERVAL_US));
  }

  onExpired(): void {
    this.count += 1;
    this.probesDue = PROBES_PER_TIMEOUT;
  }

  /** The application wants to know now whether the peer is there. */
  askNow(): void {
    this.probesDue = Math.max(1, this.probesDue);
  }

  /** An ack-eliciting packet left: a probe, if one was due. */
  onElicitingSent(): void {
    if (this.probesDue > 0) this.probesDue -= 1;
  }

  /** Something was acknowledged. */
  onAcked(): void {
    this.count = 0;
    this.probesDue = 0;
  }
}
