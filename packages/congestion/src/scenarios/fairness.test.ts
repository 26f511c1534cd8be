import { describe, expect, it } from 'vitest';
import type { ControllerName } from '../create-controller.ts';
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
    const [bbr = 0, cubic = 0] = measureShares(
      { mbitPerSecond: 50, ...cell, ...duel('bbr', 'cubic') },
      30,
      90,
    );
    const [earlier = 0, later = 0] = measureShares(
      { mbitPerSecond: 50, ...cell, ...duel('cubic', 'bbr') },
      30,
      90,
    );
    for (const share of [bbr / (bbr + cubic), later / (earlier + later)]) {
      expect(share).toBeGreaterThan(0.25);
      expect(share).toBeLessThan(0.8);
    }
  });
});
