import { describe, it } from 'vitest';
import { ADVERSE_PATHS } from '../scenarios/adverse-paths.ts';
import { prove } from '../testing/prove.ts';

/** Rules of PROTOCOL.md that a scenario shows at work. */
const RULES: Readonly<Record<string, string>> = {
  'bursts of loss': '[FR-5]',
  duplication: '[PK-3]',
  'black hole of 5 s': '[RC-1]',
  'path MTU of 1,280': '[PM-1]',
  'path MTU falls to 1,280': '[PM-1]',
  'client gets a new port': '[MG-1]',
  'client moves during an outage': '[MG-1]',
  'client gets a new address': '[MG-1]',
  'client that downloads gets a new address': '[MG-1]',
  'slow disk at the receiver': '[FR-6]',
  'blocks that are bad the first time': '[DI-2]',
};

describe('a transfer gets through, in bounded time', () => {
  for (const scenario of ADVERSE_PATHS) {
    it(
      `${RULES[scenario.name] ?? ''} ${scenario.name}: ${scenario.about}`.trim(),
      () => void prove(scenario),
    );
  }
});
