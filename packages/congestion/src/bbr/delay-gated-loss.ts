import { FLOAT_ZERO } from '@jetstream/protocol';
import type { AckSample, LossSample } from '../controller.ts';
import { LossLedgers } from './loss-ledgers.ts';
import { LOSS_THRESH } from './parameters.ts';
import { QueueDetector } from './queue-detector.ts';
import type { BbrState } from './state.ts';

/** A rate below this part of the model, after what loss explains, is a shortfall. */
const SHORTFALL = 0.75;
/** A mark is answered at the end of the loss round it falls in, which is not the end of a round. */
const CE_ROUNDS = 2;
/** From here on loss counts whatever else is seen. */
const HARD_LOSS_THRESH = 0.2;
/** …judged over at least so many datagrams, or chance would decide. */
const HARD_LOSS_DATAGRAMS = 256;

/**
 * Our one change to the draft: loss counts against the model only in a round that also shows congestion. Random loss of a
 * radio or a long line then costs its own bytes and no rate. docs/CONGESTION.md has the reasons.
 *
 * Congestion is any of: a standing queue, a CE mark, a delivery rate below the model that loss does not explain; and, as
 * brakes where no delay can be seen: much loss of any kind, and loss that grows with our rate.
 */
export class DelayGatedLoss {
  private readonly queue = new QueueDetector();
  private readonly ledgers = new LossLedgers();
  /** Rounds for which a CE mark is remembered. */
  private ceRounds = 0;
  private shortfall = false;
  private hardLoss = false;
  private roundMaxRate = FLOAT_ZERO;
  private ackedBytes = FLOAT_ZERO;
  private lostBytes = FLOAT_ZERO;
  private cycle = 0;
  private judgedUs = FLOAT_ZERO;

  onAck(state: BbrState, sample: AckSample): void {
    this.queue.onRtt(state, sample.rttUs);
    this.ackedBytes += sample.ackedBytes;
    this.roundMaxRate = Math.max(this.roundMaxRate, sample.deliveryRate);
    this.ledgers.book(state, sample.ackedBytes, 0, this.isQueueStanding(state));
    if (state.round.started) this.endRound(state);
    if (sample.ecnCeCount > 0) this.ceRounds = CE_ROUNDS;
    if (state.cycleCount === this.cycle) return;
    this.cycle = state.cycleCount;
    this.ledgers.fade();
  }

  onLoss(state: BbrState, loss: LossSample): void {
    this.lostBytes += loss.packetBytes;
    this.ledgers.book(state, 0, loss.packetBytes, this.isQueueStanding(state));
  }

  onStartupDone(): void {
    this.ledgers.forgetCruising();
  }

  /** After an outage: what was lost in it says nothing about the path as it is now. */
  forgetRound(): void {
    this.ceRounds = 0;
    this.shortfall = false;
    this.hardLoss = false;
    this.roundMaxRate = 0;
    this.ackedBytes = 0;
    this.lostBytes = 0;
  }

  isQueueStanding(state: BbrState): boolean {
    return this.queue.isStanding(state);
  }

  isQueueDeep(state: BbrState): boolean {
    return this.queue.isDeep(state);
  }

  /** Brake: so much is lost that it no longer matters why. */
  get isLossHard(): boolean {
    return this.hardLoss;
  }

  /** Does loss reported now count? */
  counts(state: BbrState): boolean {
    return (
      this.hardLoss ||
      this.ceRounds > 0 ||
      this.shortfall ||
      this.isQueueStanding(state) ||
      this.ledgers.growsWithRate(state)
    );
  }

  /** The draft's IsInflightTooHigh, gated, and not blaming our rate for the loss that the path has anyway. */
  isInflightTooHigh(state: BbrState, sample: AckSample | LossSample): boolean {
    const lost = sample.lostSinceTransmitBytes;
    const inflight = sample.transmitBytesInFlight;
    if (lost <= inflight * LOSS_THRESH || !this.counts(state)) return false;
    return lost > inflight * (LOSS_THRESH + this.excusedLossRate(state));
  }

  /** Loss rate that the path has anyway, by what is seen where nothing of ours can be its cause. */
  excusedLossRate(state: BbrState): number {
    return this.hardLoss || this.ledgers.growsWithRate(state) ? 0 : this.ledgers.background;
  }

  private endRound(state: BbrState): void {
    // Jitter makes rounds of the quickest packets, too short to tell a rate.
    if (state.nowUs - this.judgedUs < state.jitterUs) return;
    this.judgedUs = state.nowUs;
    const total = this.ackedBytes + this.lostBytes;
    const lossRate = total > 0 ? this.lostBytes / total : 0;
    this.shortfall =
      state.fullBwReached &&
      !state.sampleLimited &&
      !state.isCwndLimited &&
      state.deliveredBytes > state.slowUntilBytes &&
      this.roundMaxRate < SHORTFALL * state.bw * (1 - lossRate);
    this.roundMaxRate = 0;
    this.ceRounds = Math.max(0, this.ceRounds - 1);
    if (total < HARD_LOSS_DATAGRAMS * state.datagramBytes) return;
    this.hardLoss = lossRate > HARD_LOSS_THRESH;
    this.ackedBytes = 0;
    this.lostBytes = 0;
  }
}
