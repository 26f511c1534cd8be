import { describe, it } from 'vitest';
import { COLD_BUDGETS } from '../scenarios/long-fat.ts';
import { prove } from '../testing/prove.ts';

describe('a cold transfer keeps the budget of 500 Mbit/s and 100 ms', () => {
  for (const scenario of COLD_BUDGETS) it(scenario.name, () => void prove(scenario));
});
