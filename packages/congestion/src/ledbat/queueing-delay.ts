import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample } from '../controller.ts';

/** RFC 6817 §2.5: minima of the last ten minutes, one for each, so that a base that grew is forgotten in the end. */
const BASE_HISTORY_MINUTES = 10;
const MINUTE_US = 60_000_000;
/** draft-irtf-iccrg-ledbat-plus-plus §4.1: the least of so many samples is the current delay; jitter only adds. */
const CURRENT_SAMPLES = 4;
const NONE = 0;

/**
 * How long packets wait in queues: the least of the latest RTTs less the least RTT of the last minutes. RTTs serve instead of RFC 6817's
 * one-way delays, as in LEDBAT++: no clocks need agree, and a queue on the way back only makes the sender shyer.
 */
export class QueueingDelay {
  /** Least RTT of the history, microseconds; 0 before the first sample. */
  baseUs = NONE;
  private readonly minutes = new Float64Array(BASE_HISTORY_MINUTES);
  private minute = 0;
  private minuteStartUs = FLOAT_ZERO;
  private readonly latest = new Float64Array(CURRENT_SAMPLES);
  private samples = 0;

  onAck({ nowUs, rttUs, ackDelayUs, minRttUs }: AckSample): void {
    if (rttUs <= 0) return;
    // As RFC 9002 §5.3: no delay that the peer claims brings a sample below the least RTT.
    const pathUs = Math.max(rttUs - Math.max(0, ackDelayUs), Math.min(rttUs, minRttUs));
    this.latest[this.samples++ % CURRENT_SAMPLES] = pathUs;
    const { minutes } = this;
    if (this.baseUs === NONE) {
      this.minuteStartUs = nowUs;
      // What is known from before counts: the sender that this one replaces may have filled the queue.
      minutes[this.minute] = minRttUs > 0 ? Math.min(minRttUs, pathUs) : pathUs;
    } else if (nowUs - this.minuteStartUs >= MINUTE_US) {
      this.minute = (this.minute + 1) % BASE_HISTORY_MINUTES;
      this.minuteStartUs = nowUs;
      minutes[this.minute] = pathUs;
    } else if (pathUs < minutes[this.minute]!) minutes[this.minute] = pathUs;
    else return;
    this.baseUs = leastKnown(minutes);
  }

  /** Microseconds; 0 before the first sample. */
  get delayUs(): number {
    return Math.max(0, leastKnown(this.latest) - this.baseUs);
  }
}

/** Of the values that are not `NONE`; `NONE` if all are. */
function leastKnown(values: Float64Array): number {
  let least = NONE;
  for (const value of values) if (value !== NONE && (least === NONE || value < least)) least = value;
  return least;
}
