import { FLOAT_ZERO } from '@jetstream/protocol';
/**
 * Persistent congestion, RFC 9002 §7.6: a run of lost packets, none acknowledged between them, that spans several probe
 * timeouts. Fed in the order of packet numbers.
 */
export class PersistentCongestion {
  /** The run under way. */
  private runStartUs: number = Number.NaN;
  private runUs = FLOAT_ZERO;
  /** Longest run that ended since the last look. */
  private longestRunUs = FLOAT_ZERO;
  /** Packets sent before the first RTT sample prove nothing. */
  private firstSampleUs: number = Number.POSITIVE_INFINITY;

  onRttSample(nowUs: number): void {
    this.firstSampleUs = Math.min(this.firstSampleUs, nowUs);
  }

  onLost(sentUs: number): void {
    if (sentUs < this.firstSampleUs) return;
    if (Number.isNaN(this.runStartUs)) this.runStartUs = sentUs;
    this.runUs = sentUs - this.runStartUs;
  }

  onAcked(): void {
    this.longestRunUs = Math.max(this.longestRunUs, this.runUs);
    this.startOver();
  }

  /** True once for each run that spans more than `durationUs`. */
  isEstablished(durationUs: number): boolean {
    const longestUs = Math.max(this.longestRunUs, this.runUs);
    this.longestRunUs = 0;
    if (longestUs <= durationUs) return false;
    this.startOver();
    return true;
  }

  /** New path. */
  reset(): void {
    this.startOver();
    this.longestRunUs = 0;
    this.firstSampleUs = Number.POSITIVE_INFINITY;
  }

  private startOver(): void {
    this.runStartUs = Number.NaN;
    this.runUs = 0;
  }
}
