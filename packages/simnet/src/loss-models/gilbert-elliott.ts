import type { SeededRandom } from '../random.ts';
import type { LossModel } from './loss-model.ts';

/**
 * Bursts of loss: a two-state Markov chain that steps once a packet (Gilbert 1960, Elliott 1963). Mean stays are given
 * in packets; each state has its own loss share. A bad time ends after `longestBadUs` in any case: counted in packets
 * alone, it would outlast a sender that backs off.
 */
export class GilbertElliottLoss implements LossModel {
  readonly #leaveGood: number;
  readonly #leaveBad: number;
  readonly #goodShare: number;
  readonly #badShare: number;
  readonly #random: SeededRandom;
  readonly #longestBadUs: number;
  #bad = false;
  #badSinceUs = 0;

  constructor(
    goodPackets: number,
    badPackets: number,
    goodShare: number,
    badShare: number,
    longestBadUs: number,
    random: SeededRandom,
  ) {
    this.#leaveGood = 1 / goodPackets;
    this.#leaveBad = 1 / badPackets;
    this.#goodShare = goodShare;
    this.#badShare = badShare;
    this.#longestBadUs = longestBadUs;
    this.#random = random;
  }

  drops(leavesUs: number): boolean {
    if (this.#bad && leavesUs - this.#badSinceUs > this.#longestBadUs) this.#bad = false;
    if (this.#random.chance(this.#bad ? this.#leaveBad : this.#leaveGood)) {
      this.#bad = !this.#bad;
      this.#badSinceUs = leavesUs;
    }
    return this.#random.chance(this.#bad ? this.#badShare : this.#goodShare);
  }
}
