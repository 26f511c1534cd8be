import type { SeededRandom } from '../random.ts';
import { BernoulliLoss } from './bernoulli.ts';
import { BlackHole } from './black-hole.ts';
import { GilbertElliottLoss } from './gilbert-elliott.ts';
import { ScriptedLoss } from './scripted.ts';

/** Decides the fate of each packet that leaves a link's queue, in the order of leaving. */
export interface LossModel {
  drops(leavesUs: number): boolean;
}

/** A loss model as data. Shares are probabilities, 0…1. */
export type LossModelOptions =
  | { kind: 'bernoulli'; share: number }
  | {
      kind: 'gilbert-elliott';
      /** Mean lengths of a stay in either state, in packets. */
      goodPackets: number;
      badPackets: number;
      /** Loss within each state. Defaults 0 and 1. */
      goodShare?: number;
      badShare?: number;
      /** Default 500 ms. */
      longestBadUs?: number;
    }
  | { kind: 'black-hole'; intervals: readonly { readonly fromUs: number; readonly untilUs: number }[] }
  | { kind: 'scripted'; packets: readonly number[] };

export function createLossModel(options: LossModelOptions, random: SeededRandom): LossModel {
  switch (options.kind) {
    case 'bernoulli':
      return new BernoulliLoss(options.share, random);
    case 'gilbert-elliott':
      return new GilbertElliottLoss(
        options.goodPackets,
        options.badPackets,
        options.goodShare ?? 0,
        options.badShare ?? 1,
        options.longestBadUs ?? 500_000,
        random,
      );
    case 'black-hole':
      return new BlackHole(options.intervals);
    case 'scripted':
      return new ScriptedLoss(options.packets);
  }
}

/** Mean share of packets that a model loses, where it has one; black holes and scripts count as 0. */
export function meanLossShare(options: LossModelOptions): number {
  if (options.kind === 'bernoulli') return options.share;
  if (options.kind !== 'gilbert-elliott') return 0;
  const { goodPackets, badPackets, goodShare = 0, badShare = 1 } = options;
  return (goodPackets * goodShare + badPackets * badShare) / (goodPackets + badPackets);
}
