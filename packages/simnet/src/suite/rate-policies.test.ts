import { describe, it } from 'vitest';
import { RATE_POLICIES } from '../scenarios/rate-policies.ts';
import { prove } from '../testing/prove.ts';

describe('rate policies', () => {
  for (const scenario of RATE_POLICIES) it(`${scenario.name}: ${scenario.about}`, () => void prove(scenario));
});
