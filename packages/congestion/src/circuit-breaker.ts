import { FLOAT_ZERO, MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import type { AckSample } from './controller.ts';
import { RoundCounter } from './round-counter.ts';

/** Less than this part of what was sent arrives… */
const COLLAPSE = 2 / 3;
/** …in so many round trips on end: the rate halves… */
const TRIP_ROUNDS = 5;
/** …but not below this part of what is demanded: loss that so much less does not heal is not of our making. */
const LEAST_PART = 1 / 64;
/** From this part on a round trip is good. */
const GOOD = 9 / 10;
/** Rounds of fewer datagrams say little; they are joined. */
const MIN_ROUND_DATAGRAMS = 32;
/** How long all must be good before the rate doubles. Doubled each time that the breaker opens, halved in as long a good time at full rate. */
const MIN_HOLD_US = 5_000_000;
const MAX_HOLD_US = 320_000_000;

/**
 * Circuit breaker (RFC 8084) of a rate that no congestion controller governs: while less than two thirds arrive, it halves every five
 * round trips; when what is left arrives for a while, it doubles. It stops no transfer: a rate that gets through is found in the end,
 * and a path that takes nothing ends the connection by its idle timeout.
 */
export class CircuitBreaker {
  /** Bytes per second that it leaves of any rate; `MAX_RATE_BYTES_PER_SECOND` while closed. */
  limitRate = MAX_RATE_BYTES_PER_SECOND;

  private readonly round = new RoundCounter();
  private ackedBytes = FLOAT_ZERO;
  private lostBytes = FLOAT_ZERO;
  private badRounds = 0;
  private goodSinceUs = FLOAT_ZERO;
  private holdUs = MIN_HOLD_US;

  onLost(bytes: number): void {
    this.lostBytes += bytes;
  }

  onSpuriousLoss(bytes: number): void {
    this.lostBytes = Math.max(0, this.lostBytes - bytes);
  }

  onAck(sample: AckSample, datagramBytes: number, demandedRate: number): void {
    this.ackedBytes += sample.ackedBytes;
    const sentBytes = this.ackedBytes + this.lostBytes;
    if (!this.round.onAck(sample) || sentBytes < MIN_ROUND_DATAGRAMS * datagramBytes) return;
    const delivered = this.ackedBytes / sentBytes;
    this.ackedBytes = 0;
    this.lostBytes = 0;
    this.badRounds = delivered < COLLAPSE ? this.badRounds + 1 : 0;
    if (delivered < GOOD) this.goodSinceUs = sample.nowUs;
    if (this.badRounds >= TRIP_ROUNDS) this.open(sample.nowUs, demandedRate);
    else if (sample.nowUs - this.goodSinceUs >= this.holdUs) this.close(sample.nowUs, demandedRate);
  }

  open(nowUs: number, demandedRate: number): void {
    const halved = Math.min(this.limitRate, demandedRate) / 2;
    this.limitRate = Math.max(halved, LEAST_PART * demandedRate, MIN_RATE_BYTES_PER_SECOND);
    this.badRounds = 0;
    this.goodSinceUs = nowUs;
    this.holdUs = Math.min(2 * this.holdUs, MAX_HOLD_US);
  }

  private close(nowUs: number, demandedRate: number): void {
    this.goodSinceUs = nowUs;
    if (this.limitRate >= demandedRate) this.holdUs = Math.max(this.holdUs / 2, MIN_HOLD_US);
    else this.limitRate = 2 * this.limitRate < demandedRate ? 2 * this.limitRate : MAX_RATE_BYTES_PER_SECOND;
  }
}
