/**
 * Persistent congestion, RFC 9002 §7.6: a run of lost packets, none acknowledged between them, that spans several probe
 * timeouts. Fed in the order of packet numbers.
 */
export class PersistentCongestion {
  private runStartUs: number = Number.NaN;
  private runEndUs: number = Number.NaN;
  /** Packets sent before the first RTT sample prove nothing. */
  private firstSampleUs: number = Number.POSITIVE_INFINITY;

  onRttSample(nowUs: number): void {
    this.firstSampleUs = Math.min(this.firstSampleUs, nowUs);
  }

  onLost(sentUs: number): void {
    if (sentUs < this.firstSampleUs) return;
    if (Number.isNaN(this.runStartUs)) this.runStartUs = sentUs;
    this.runEndUs = sentUs;
  }

  onAcked(): void {
    this.runStartUs = Number.NaN;
  }

  /** True once for each run that spans more than `durationUs`. */
  isEstablished(durationUs: number): boolean {
    if (Number.isNaN(this.runStartUs) || this.runEndUs - this.runStartUs <= durationUs) return false;
    this.runStartUs = Number.NaN;
    return true;
  }

  /** New path. */
  reset(): void {
    this.runStartUs = Number.NaN;
    this.firstSampleUs = Number.POSITIVE_INFINITY;
  }
}
