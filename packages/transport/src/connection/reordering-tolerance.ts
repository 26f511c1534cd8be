import { FLOAT_ZERO } from '@jetstream/protocol';

/** RFC 9002 §6.1.1, and how far reordering may raise it; the time threshold bounds the wait in any case. */
const FIRST_PACKET_THRESHOLD = 3;
const MAX_PACKET_THRESHOLD = 1000;
/** The time threshold of RFC 9002 (9/8 RTT) may become this many times as long. */
const MAX_TIME_STRETCH = 4;
/** What was learned is this much more than what was seen. */
const TIME_MARGIN = 1.05;
/** Rounds with losses, none of them spurious, after which half of what was learned is forgotten (RACK, RFC 8985 §6.2). */
const QUIET_ROUNDS = 16;

/** How much reordering loss detection puts up with: raised as far as it was fooled, lowered again when the path keeps order. */
export class ReorderingTolerance {
  packetThreshold: number = FIRST_PACKET_THRESHOLD;
  /** Longest time from sending to acknowledgement of a packet held for lost. */
  private latestAckUs = FLOAT_ZERO;
  private quietRounds = 0;
  private roundStartUs = Number.NEGATIVE_INFINITY;

  /** The time threshold to be used. @param lossDelayUs that of RFC 9002 */
  lossDelayUs(lossDelayUs: number): number {
    return Math.max(lossDelayUs, Math.min(this.latestAckUs, lossDelayUs * MAX_TIME_STRETCH));
  }

  /**
   * A packet held for lost was acknowledged.
   * @param distance numbers by which the largest acknowledged was ahead of it
   * @param elapsedUs from its sending to its acknowledgement
   */
  onSpuriousLoss(distance: number, elapsedUs: number): void {
    this.quietRounds = 0;
    this.packetThreshold = Math.max(this.packetThreshold, Math.min(distance + 1, MAX_PACKET_THRESHOLD));
    this.latestAckUs = Math.max(this.latestAckUs, elapsedUs * TIME_MARGIN);
  }

  onLoss(nowUs: number, sentUs: number): void {
    if (sentUs < this.roundStartUs) return;
    this.roundStartUs = nowUs;
    this.quietRounds += 1;
    if (this.quietRounds < QUIET_ROUNDS) return;
    this.quietRounds = 0;
    this.packetThreshold = Math.max(FIRST_PACKET_THRESHOLD, Math.floor(this.packetThreshold / 2));
    this.latestAckUs /= 2;
  }
}
