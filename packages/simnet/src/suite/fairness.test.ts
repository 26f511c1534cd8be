import { describe, it } from 'vitest';
import { FAIRNESS } from '../scenarios/fairness.ts';
import { prove } from '../testing/prove.ts';

describe('flows share a bottleneck', () => {
  for (const scenario of FAIRNESS) it(`${scenario.name}: ${scenario.about}`, () => void prove(scenario));
});
