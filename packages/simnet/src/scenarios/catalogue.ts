import type { Scenario } from '../scenario.ts';
import { ADVERSE_PATHS } from './adverse-paths.ts';
import { BAD_SURROUNDINGS } from './bad-surroundings.ts';
import { ECN } from './ecn.ts';
import { FAIRNESS } from './fairness.ts';
import { HANDSHAKES } from './handshakes.ts';
import { LIMITERS } from './limiters.ts';
import { COLD_BUDGETS, LONG_COLD_BUDGETS, LONG_FAT } from './long-fat.ts';
import { BBR_LOSS_MATRIX, CUBIC_LOSS_MATRIX } from './loss-matrix.ts';
import { randomMixture } from './random-mixture.ts';
import { RATE_POLICIES } from './rate-policies.ts';
import { STARTS } from './starts.ts';

/** Every scenario that has a name of its own. */
export const CATALOGUE: readonly Scenario[] = [
  ...BBR_LOSS_MATRIX,
  ...CUBIC_LOSS_MATRIX,
  ...ADVERSE_PATHS,
  ...BAD_SURROUNDINGS,
  ...ECN,
  ...LIMITERS,
  ...HANDSHAKES,
  ...FAIRNESS,
  ...RATE_POLICIES,
  ...STARTS,
  ...COLD_BUDGETS,
  ...LONG_COLD_BUDGETS,
  LONG_FAT,
];

/** The scenario of that name; `mixture SEED` is the random mixture of a seed. */
export function findScenario(name: string): Scenario | undefined {
  const mixture = /^mixture (\d+)$/.exec(name);
  if (mixture !== null) return randomMixture(Number(mixture[1]));
  return CATALOGUE.find((scenario) => scenario.name === name);
}
