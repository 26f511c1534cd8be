import type { LossModel } from './loss-model.ts';

/** Loses exactly the packets named, counted from 0 in the order in which they leave the queue. */
export class ScriptedLoss implements LossModel {
  readonly #packets: ReadonlySet<number>;
  #next = 0;

  constructor(packets: readonly number[]) {
    this.#packets = new Set(packets);
  }

  drops(): boolean {
    return this.#packets.has(this.#next++);
  }
}
