import type { SeededRandom } from '../random.ts';
import type { LossModel } from './loss-model.ts';

/** Every packet is lost with the same probability, independent of all others. */
export class BernoulliLoss implements LossModel {
  readonly #share: number;
  readonly #random: SeededRandom;

  constructor(share: number, random: SeededRandom) {
    this.#share = share;
    this.#random = random;
  }

  drops(): boolean {
    return this.#random.chance(this.#share);
  }
}
