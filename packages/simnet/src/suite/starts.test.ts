import { describe, it } from 'vitest';
import { STARTS } from '../scenarios/starts.ts';
import { prove } from '../testing/prove.ts';

describe('a transfer finds the rate of its path', () => {
  for (const scenario of STARTS) it(`${scenario.name}: ${scenario.about}`, () => void prove(scenario));
});
