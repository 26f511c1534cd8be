import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from './controller.ts';

const NONE = -1;

/**
 * The congestion event that a window-based controller answered last (RFC 9002 §7.3.2, RFC 9438 §4.6): one reduction for all that
 * was in flight then.
 */
export class CongestionEvent {
  private startedUs = NONE;
  private startedDeliveredBytes = 0;
  private lostBytes = FLOAT_ZERO;
  private spuriousBytes = 0;

  begin(nowUs: number, deliveredBytes: number): void {
    this.startedUs = nowUs;
    this.startedDeliveredBytes = deliveredBytes;
    this.lostBytes = 0;
    this.spuriousBytes = 0;
  }

  /** Was a packet sent at that time in flight when the event began? Then its loss asks for nothing more. */
  covers(sentUs: number): boolean {
    return this.startedUs !== NONE && sentUs <= this.startedUs;
  }

  /** Does the ACK tell of nothing that was sent since the event began? */
  isRecovering(sample: AckSample): boolean {
    return this.startedUs !== NONE && sample.priorDeliveredBytes < this.startedDeliveredBytes;
  }

  onLost(bytes: number): void {
    this.lostBytes += bytes;
  }

  /**
   * RFC 9438 §4.9: when every loss of an event proves spurious, its reduction is to be undone.
   * @returns true once, when that is so
   */
  onSpuriousLoss(bytes: number): boolean {
    if (this.lostBytes <= 0) return false;
    this.spuriousBytes += bytes;
    if (this.spuriousBytes < this.lostBytes) return false;
    this.forgetLosses();
    this.startedDeliveredBytes = 0;
    return true;
  }

  /** A graver event came: nothing of this one can be undone. */
  forgetLosses(): void {
    this.lostBytes = 0;
  }
}
