import type { SeededRandom } from '../random.ts';
import type { LossModel } from './loss-model.ts';

/**
 * Bursts of loss: a two-state Markov chain that steps once a packet (Gilbert 1960, Elliott 1963). Mean stays are given
 * in packets; each state has its own loss share.
 */
export class GilbertElliottLoss implements LossModel {
  readonly #leaveGood: number;
  readonly #leaveBad: number;
  readonly #goodShare: number;
  readonly #badShare: number;
  readonly #random: SeededRandom;
  #bad = false;

  constructor(
    goodPackets: number,
    badPackets: number,
    goodShare: number,
    badShare: number,
    random: SeededRandom,
  ) {
    this.#leaveGood = 1 / goodPackets;
    this.#leaveBad = 1 / badPackets;
    this.#goodShare = goodShare;
    this.#badShare = badShare;
    this.#random = random;
  }

  drops(): boolean {
    if (this.#random.chance(this.#bad ? this.#leaveBad : this.#leaveGood)) this.#bad = !this.#bad;
    return this.#random.chance(this.#bad ? this.#badShare : this.#goodShare);
  }
}
