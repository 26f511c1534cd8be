import { describe, it } from 'vitest';
import { LIMITERS } from '../scenarios/limiters.ts';
import { prove } from '../testing/prove.ts';

describe('a sender knows what holds it', () => {
  for (const scenario of LIMITERS) {
    it(`${scenario.name}: ${scenario.about}`, () => void prove(scenario));
  }
});
