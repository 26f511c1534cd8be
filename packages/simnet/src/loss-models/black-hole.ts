import type { LossModel } from './loss-model.ts';

/** Every packet is lost during the intervals (`fromUs` inclusive, `untilUs` exclusive). */
export class BlackHole implements LossModel {
  readonly #intervals: readonly { readonly fromUs: number; readonly untilUs: number }[];

  constructor(intervals: readonly { readonly fromUs: number; readonly untilUs: number }[]) {
    this.#intervals = intervals;
  }

  drops(leavesUs: number): boolean {
    for (const interval of this.#intervals) {
      if (leavesUs >= interval.fromUs && leavesUs < interval.untilUs) return true;
    }
    return false;
  }
}
