import { describe, expect, it } from 'vitest';
import { HANDSHAKES } from '../scenarios/handshakes.ts';
import { named, prove } from '../testing/prove.ts';

describe('a transfer with the real handshake and sealed packets', () => {
  for (const name of ['sealed upload', 'sealed download', 'sealed over a filthy path']) {
    const scenario = named(HANDSHAKES, name);
    it(`${name}: ${scenario.about}`, () => void prove(scenario));
  }

  it('[PK-4] [PK-5] [PK-7] goes on through a key update every 100 packets and 1 % loss', () => {
    prove(named(HANDSHAKES, 'sealed with loss and key updates'));
  });

  it('[PK-2] drops spoiled packets, counts them, and is otherwise unharmed', () => {
    const report = prove(named(HANDSHAKES, 'sealed with corruption'));
    expect(report.forward.counters.corrupted).toBeGreaterThan(50);
    expect(report.flows[0]!.stats!.forgedPackets).toBeGreaterThan(0);
  });
});
