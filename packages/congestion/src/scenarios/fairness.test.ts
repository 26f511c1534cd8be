import { describe, expect, it } from 'vitest';
import type { ControllerName } from '../create-controller.ts';
import { BbrV1 } from '../testing/bbr-v1.ts';
import { duel, jainIndex, measureShares, measureSteady } from '../testing/measure.ts';

const equals = (name: ControllerName, flows: number, gapSeconds: number) => ({
  controllers: Array.from({ length: flows }, () => name),
  sender: (index: number) => ({ startUs: index * (gapSeconds * 1e6 + 37_000) }),
});

describe('fairness among equals', () => {
  const cells = [2, 4].flatMap((flows) =>
    [0.1, 0.5, 1, 4].flatMap((bufferBdp) => [0, 5].map((gapSeconds) => ({ flows, bufferBdp, gapSeconds }))),
  );

  it.each(cells)(
    '$flows BBR flows started $gapSeconds s apart share a link with $bufferBdp BDP of buffer',
    ({ flows, bufferBdp, gapSeconds }) => {
      const path = { mbitPerSecond: 40, rttMs: 40, bufferBdp, ...equals('bbr', flows, gapSeconds) };
      const shares = measureShares(path, 40, 80);
      expect(jainIndex(shares)).toBeGreaterThan(0.9);
      expect(shares.reduce((sum, share) => sum + share)).toBeGreaterThan(0.95);
    },
  );

  it.each([0.5, 4])(
    'eight BBR flows, each two seconds after the last, share a link with %d BDP of buffer',
    (bufferBdp) => {
      const path = { mbitPerSecond: 80, rttMs: 40, bufferBdp, ...equals('bbr', 8, 2) };
      const shares = measureShares(path, 30, 60);
      expect(jainIndex(shares)).toBeGreaterThan(0.85);
      expect(Math.min(...shares)).toBeGreaterThan(0.04);
    },
  );

  it('four CUBIC flows share a link', () => {
    const path = { mbitPerSecond: 50, rttMs: 40, ...equals('cubic', 4, 5) };
    expect(jainIndex(measureShares(path, 30, 80))).toBeGreaterThan(0.95);
  });

  it('random loss does not change that', () => {
    const path = { mbitPerSecond: 50, rttMs: 40, loss: 0.01, ...equals('bbr', 4, 0) };
    expect(jainIndex(measureShares(path, 30, 80))).toBeGreaterThan(0.9);
  });

  it('eight flows in a tenth of a BDP lose less than the hard brake allows', () => {
    const path = { mbitPerSecond: 100, rttMs: 40, bufferBdp: 0.1, ...equals('bbr', 8, 0.5) };
    expect(measureSteady(path, 20, 30).lossRate).toBeLessThan(0.08);
  });
});

describe('BBR against CUBIC', () => {
  // With less than 2 BDP of buffer on a 100 ms path BBR takes more, with 16 BDP it may take less: docs/CONGESTION.md.
  const cells = [
    ...[20, 50].flatMap((rttMs) => [0.1, 1, 4].map((bufferBdp) => ({ rttMs, bufferBdp }))),
    { rttMs: 100, bufferBdp: 2 },
    { rttMs: 100, bufferBdp: 4 },
  ];

  it.each(cells)('takes between 25 and 80 % at $rttMs ms and $bufferBdp BDP, whoever was first', (cell) => {
    const path = { mbitPerSecond: 50, ...cell };
    const [bbr = 0, cubic = 0] = measureShares({ ...path, ...duel('bbr', 'cubic') }, 20, 65);
    const [earlier = 0, later = 0] = measureShares({ ...path, ...duel('cubic', 'bbr') }, 20, 65);
    for (const share of [bbr / (bbr + cubic), later / (earlier + later)]) {
      expect(share).toBeGreaterThan(0.25);
      expect(share).toBeLessThan(0.8);
    }
  });
});

describe('two BBR flows of different round trips', () => {
  it.each([2, 4, 10])('1:%d get a third each at least, up to one BDP of buffer', (ratio) => {
    for (const bufferBdp of [0.5, 1]) {
      const sender = (index: number) => ({
        rttUs: index === 0 ? 20_000 : 20_000 * ratio,
        startUs: index * 37_000,
      });
      const path = { mbitPerSecond: 50, rttMs: 20, bufferBdp, controllers: ['bbr', 'bbr'] as const, sender };
      const [short = 0, long = 0] = measureShares(path, 20, 60);
      expect(Math.min(short, long) / (short + long)).toBeGreaterThan(0.33);
    }
  });
});

describe("BBR against the kernel's (version 1)", () => {
  // It looks at no loss, and so it has most of a buffer of up to one BDP: docs/CONGESTION.md.
  const cells = [
    { rttMs: 20, bufferBdp: 1, least: 0.25 },
    { rttMs: 100, bufferBdp: 1, least: 0.14 },
    { rttMs: 50, bufferBdp: 4, least: 0.35 },
    { rttMs: 100, bufferBdp: 4, least: 0.35 },
  ];

  it.each(cells)('has its part at $rttMs ms and $bufferBdp BDP, whoever was first', ({ least, ...cell }) => {
    const kernel = () => new BbrV1(1);
    const sender = (index: number) => ({ startUs: index * 5e6 });
    for (const controllers of [['bbr', kernel] as const, [kernel, 'bbr'] as const]) {
      const shares = measureShares({ mbitPerSecond: 50, ...cell, controllers, sender }, 20, 60);
      const own = shares[controllers.indexOf('bbr' as never)]! / (shares[0]! + shares[1]!);
      expect(own).toBeGreaterThan(least);
      expect(own).toBeLessThan(0.8);
    }
  });
});
