import { describe, it } from 'vitest';
import { COLD_BUDGETS, remembered } from '../scenarios/long-fat.ts';
import { prove } from '../testing/prove.ts';

describe('a transfer keeps its budget', () => {
  for (const scenario of COLD_BUDGETS) {
    it(`${scenario.name}, cold and remembered`, () => {
      const { flows } = prove(scenario);
      prove(remembered(scenario, flows[0]!.pathSeen!));
    });
  }
});
