const MAX_PACKET_THRESHOLD = 64;
const MIN_MAX_DELAY_US = 1_000;
const MAX_MAX_DELAY_US = 25_000;
/** Share of a change that is worth a frame. */
const WORTHWHILE_CHANGE = 0.25;

/**
 * What a sender asks of the peer by ACK_FREQUENCY: few ACKs at a high rate, yet always at least eight chances for feedback
 * in a round trip while it probes for bandwidth (the BBR draft asks for four), and a delay small against the RTT.
 */
export class AckFrequency {
  sequence = 0;
  packetThreshold: number;
  maxDelayUs: number;
  private hasChanged = false;

  /** @param packetThreshold what the peer does by itself @param maxDelayUs likewise */
  constructor(packetThreshold: number, maxDelayUs: number) {
    this.packetThreshold = packetThreshold;
    this.maxDelayUs = maxDelayUs;
  }

  /** Once in a round trip. @param deliveredPerRoundBytes bytes that a round trip delivers, or the window */
  update(smoothedRttUs: number, deliveredPerRoundBytes: number, datagramBytes: number): void {
    const packetsPerRound = deliveredPerRoundBytes / datagramBytes;
    const packetThreshold = clamp(Math.floor(packetsPerRound / 8), 2, MAX_PACKET_THRESHOLD);
    const maxDelayUs = Math.round(clamp(smoothedRttUs / 8, MIN_MAX_DELAY_US, MAX_MAX_DELAY_US));
    if (!isWorthwhile(this.packetThreshold, packetThreshold) && !isWorthwhile(this.maxDelayUs, maxDelayUs)) {
      return;
    }
    this.packetThreshold = packetThreshold;
    this.maxDelayUs = maxDelayUs;
    this.sequence += 1;
    this.hasChanged = true;
  }

  /** An ACK_FREQUENCY is to be sent. */
  get isDue(): boolean {
    return this.hasChanged;
  }

  onSent(): void {
    this.hasChanged = false;
  }

  /** The ACK_FREQUENCY `sequence` was lost; only the newest matters. */
  onLost(sequence: number): void {
    if (sequence === this.sequence) this.hasChanged = true;
  }
}

function isWorthwhile(before: number, after: number): boolean {
  return Math.abs(after - before) > before * WORTHWHILE_CHANGE;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
