import type { AckSample } from './controller.ts';
import { RoundCounter } from './round-counter.ts';

// RFC 9406 §4.3. Its limit L on growth per ACK does not apply: we pace.
const MIN_RTT_THRESHOLD_US = 4_000;
const MAX_RTT_THRESHOLD_US = 16_000;
const MIN_RTT_DIVISOR = 8;
const RTT_SAMPLES = 8;
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;
const NONE = 0;

/**
 * HyStart++ (RFC 9406): leaves slow start when the RTT rises, before the queue overflows. A rise leads into Conservative Slow
 * Start, which grows a quarter as fast and after five rounds becomes congestion avoidance, or goes back when the rise was a fluke.
 */
export class HyStart {
  /** In Conservative Slow Start. */
  conservative = false;
  private readonly round = new RoundCounter();
  private roundMinRttUs = NONE;
  private lastRoundMinRttUs = NONE;
  private samples = 0;
  private conservativeBaselineUs = NONE;
  private conservativeRounds = 0;

  /** @returns whether slow start is over */
  onAck(sample: AckSample): boolean {
    if (this.round.onAck(sample)) {
      this.lastRoundMinRttUs = this.roundMinRttUs;
      this.roundMinRttUs = NONE;
      this.samples = 0;
      if (this.conservative && ++this.conservativeRounds >= CSS_ROUNDS) return true;
    }
    if (sample.rttUs > 0) {
      this.samples++;
      if (this.roundMinRttUs === NONE || sample.rttUs < this.roundMinRttUs) this.roundMinRttUs = sample.rttUs;
    }
    if (this.samples < RTT_SAMPLES) return false;
    if (this.conservative) {
      if (this.roundMinRttUs < this.conservativeBaselineUs) this.conservative = false;
      return false;
    }
    if (this.lastRoundMinRttUs === NONE) return false;
    const thresholdUs = Math.min(
      Math.max(this.lastRoundMinRttUs / MIN_RTT_DIVISOR, MIN_RTT_THRESHOLD_US),
      MAX_RTT_THRESHOLD_US,
    );
    if (this.roundMinRttUs >= this.lastRoundMinRttUs + thresholdUs) {
      this.conservative = true;
      this.conservativeBaselineUs = this.roundMinRttUs;
      this.conservativeRounds = 0;
    }
    return false;
  }

  /** Window growth for newly acknowledged bytes. */
  growth(ackedBytes: number): number {
    return this.conservative ? ackedBytes / CSS_GROWTH_DIVISOR : ackedBytes;
  }
}
