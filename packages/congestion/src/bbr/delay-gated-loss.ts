import type { AckSample, LossSample } from '../controller.ts';
import { LOSS_THRESH } from './parameters.ts';
import type { BbrState } from './state.ts';

/** A queue is seen when the smoothed RTT is above min_rtt by an eighth of it, and by this at least. */
const DELAY_FRACTION = 1 / 8;
const MIN_DELAY_US = 4_000;
/** A rate below this part of the model, after what loss explains, is a shortfall. */
const SHORTFALL = 0.75;
/** From here on loss counts whatever else is seen. */
const HARD_LOSS_THRESH = 0.18;
/** Loss rates are judged over at least so many datagrams, or chance would decide. */
const MIN_LOSS_SAMPLE_DATAGRAMS = 128;
/** Standard errors by which loss must differ between probing and cruising to be called our own doing. */
const SIGNIFICANCE = 3;

/**
 * Our one change to the draft: loss counts against the model only in a round that also shows congestion. Random loss of a
 * radio or a long line then costs its own bytes and no rate. docs/CONGESTION.md has the reasons.
 *
 * A round shows congestion by any of: a queue (RTT), a CE mark, a delivery rate below the model that loss does not explain;
 * and, as brakes that hold where no delay can be seen: much loss of any kind, and loss that comes with probing up and goes
 * with slowing down (the sign of a buffer too shallow to be seen in the RTT).
 */
export class DelayGatedLoss {
  private ceInRound = false;
  private shortfall = false;
  private hardLoss = false;

  private roundMaxRate = 0;
  private sampleAcked = 0;
  private sampleLost = 0;
  private readonly probing = { acked: 0, lost: 0 };
  private readonly cruising = { acked: 0, lost: 0 };

  onAck(state: BbrState, sample: AckSample): void {
    this.sampleAcked += sample.ackedBytes;
    this.roundMaxRate = Math.max(this.roundMaxRate, sample.deliveryRate);
    this.phaseLedger(state).acked += sample.ackedBytes;
    if (state.round.started) this.endRound(state);
    if (sample.ecnCeCount > 0) this.ceInRound = true;
  }

  onLoss(state: BbrState, loss: LossSample): void {
    this.sampleLost += loss.packetBytes;
    this.phaseLedger(state).lost += loss.packetBytes;
  }

  /** Is there a queue? */
  delayed(state: BbrState, smoothedRttUs: number): boolean {
    const { minRttUs } = state;
    return minRttUs > 0 && smoothedRttUs > minRttUs + Math.max(minRttUs * DELAY_FRACTION, MIN_DELAY_US);
  }

  /** Brake: so much is lost that it no longer matters why. */
  get isLossHard(): boolean {
    return this.hardLoss;
  }

  /** Does loss reported now count? */
  counts(state: BbrState, smoothedRttUs: number): boolean {
    return (
      this.hardLoss ||
      this.ceInRound ||
      this.shortfall ||
      this.delayed(state, smoothedRttUs) ||
      this.isOwnDoing(state)
    );
  }

  /** The draft's IsInflightTooHigh, gated. */
  isInflightTooHigh(state: BbrState, sample: AckSample | LossSample): boolean {
    const lost = sample.lostSinceTransmitBytes;
    return lost > sample.transmitBytesInFlight * LOSS_THRESH && this.counts(state, sample.smoothedRttUs);
  }

  /** A new probing cycle: what older ones showed fades. */
  fade(): void {
    for (const ledger of [this.probing, this.cruising]) {
      ledger.acked /= 2;
      ledger.lost /= 2;
    }
  }

  /** After an outage: what was lost in it says nothing about the path as it is now. */
  forgetRound(): void {
    this.ceInRound = false;
    this.shortfall = false;
    this.hardLoss = false;
    this.roundMaxRate = 0;
    this.sampleAcked = 0;
    this.sampleLost = 0;
  }

  /** Brake for buffers too shallow to show in the RTT. */
  private isOwnDoing(state: BbrState): boolean {
    const probed = this.probing.acked + this.probing.lost;
    const cruised = this.cruising.acked + this.cruising.lost;
    const enough = (MIN_LOSS_SAMPLE_DATAGRAMS * state.datagramBytes) / 4;
    if (probed < enough || cruised < enough) return false;
    const excess = this.probing.lost / probed - this.cruising.lost / cruised;
    if (excess <= LOSS_THRESH) return false;
    const pooled = (this.probing.lost + this.cruising.lost) / (probed + cruised);
    const variance = pooled * (1 - pooled) * state.datagramBytes * (1 / probed + 1 / cruised);
    return excess * excess > SIGNIFICANCE * SIGNIFICANCE * variance;
  }

  private endRound(state: BbrState): void {
    const total = this.sampleAcked + this.sampleLost;
    const lossRate = total > 0 ? this.sampleLost / total : 0;
    const expected = state.bw * (1 - lossRate);
    this.shortfall =
      state.fullBwReached &&
      !state.sampleLimited &&
      !state.isCwndLimited &&
      this.roundMaxRate < SHORTFALL * expected;
    this.roundMaxRate = 0;
    this.ceInRound = false;
    if (total < MIN_LOSS_SAMPLE_DATAGRAMS * state.datagramBytes) return;
    this.hardLoss = lossRate > HARD_LOSS_THRESH;
    this.sampleAcked = 0;
    this.sampleLost = 0;
  }

  /** Where ACKs and losses coming in now belong: to packets sent while probing up, or to those sent at the model's rate. */
  private phaseLedger(state: BbrState): { acked: number; lost: number } {
    const isProbeFeedback = state.ackPhase === 'probe-feedback' || state.ackPhase === 'probe-stopping';
    return isProbeFeedback ? this.probing : this.cruising;
  }
}
