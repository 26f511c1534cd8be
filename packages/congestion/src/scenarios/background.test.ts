import { describe, expect, it } from 'vitest';
import type { ControllerName } from '../create-controller.ts';
import { duel, goodputSeries, jainIndex, measureShares, measureSteady } from '../testing/measure.ts';
import { simulatePath } from '../testing/path.ts';

const RATE = { mbitPerSecond: 20 };

describe('LEDBAT++ beside others', () => {
  const rivals: readonly ControllerName[] = ['bbr', 'cubic'];
  // A buffer shorter than the target shows no queue to yield to: docs/CONGESTION.md.
  const paths = [
    ...[1, 4].map((bufferBdp) => ({ rttMs: 10, bufferBdp })),
    ...[0.5, 1, 4].flatMap((bufferBdp) => [40, 100].map((rttMs) => ({ rttMs, bufferBdp }))),
  ];
  const cells = rivals.flatMap((rival) => paths.map((path) => ({ rival, ...path })));

  it.each(cells)(
    'leaves $rival more than 85 % at $rttMs ms and $bufferBdp BDP, whoever was first',
    ({ rival, ...cell }) => {
      const [first = 0, rivalSecond = 0] = measureShares(
        { ...RATE, ...cell, ...duel('ledbat', rival) },
        20,
        40,
      );
      const [rivalFirst = 0, second = 0] = measureShares(
        { ...RATE, ...cell, ...duel(rival, 'ledbat') },
        20,
        40,
      );
      expect(first / (first + rivalSecond)).toBeLessThan(0.15);
      expect(second / (second + rivalFirst)).toBeLessThan(0.15);
      expect(first + rivalSecond).toBeGreaterThan(0.95);
    },
  );

  it('takes the whole path again when they have gone', () => {
    const path = simulatePath({
      ...RATE,
      rttMs: 40,
      controllers: ['ledbat', 'bbr'],
      // The other one has something to say from second 5 to second 15.
      sender: (index) =>
        index === 0 ? {} : { startUs: 5e6, producedBytes: (nowUs) => (nowUs < 15e6 ? 1e12 : 0) },
    });
    const seconds = goodputSeries(path, 40, 1);
    const mean = (from: number, to: number) =>
      seconds.slice(from, to).reduce((sum, share) => sum + share, 0) / (to - from);
    expect(mean(8, 15)).toBeLessThan(0.15);
    expect(mean(30, 40)).toBeGreaterThan(0.85);
  });
});

describe('LEDBAT++ alone', () => {
  it.each([
    { rttMs: 10, queueMs: 4 },
    { rttMs: 40, queueMs: 10 },
    { rttMs: 100, queueMs: 25 },
    { rttMs: 300, queueMs: 60 },
  ])('fills a link of $rttMs ms and keeps its queue at $queueMs ms', ({ rttMs, queueMs }) => {
    const steady = measureSteady({ ...RATE, rttMs, bufferBdp: 2, controllers: ['ledbat'] }, 10, 60);
    expect(steady.goodput).toBeGreaterThan(0.85);
    expect(steady.lossRate).toBe(0);
    expect(steady.queueP95Bdp * rttMs).toBeGreaterThan(0.5 * queueMs);
    expect(steady.queueP95Bdp * rttMs).toBeLessThan(1.5 * queueMs);
  });

  it.each([
    { rttMs: 10, flows: 2 },
    { rttMs: 40, flows: 2 },
    { rttMs: 100, flows: 2 },
    { rttMs: 40, flows: 4 },
  ])('shares with $flows of its kind at $rttMs ms, though the others came later', ({ rttMs, flows }) => {
    const controllers = Array.from({ length: flows }, (): ControllerName => 'ledbat');
    const sender = (index: number) => ({ startUs: index * 5e6 });
    const shares = measureShares({ ...RATE, rttMs, bufferBdp: 4, controllers, sender }, 30, 60);
    expect(jainIndex(shares)).toBeGreaterThan(0.9);
    expect(shares.reduce((sum, share) => sum + share)).toBeGreaterThan(0.9);
  });
});
