import { describe, expect, it } from 'vitest';
import { measureShares, measureSteady } from '../testing/measure.ts';

const PATH = { mbitPerSecond: 50, rttMs: 50, bufferBdp: 8 };
/** CoDel lets a burst pass, but no queue of more than 5 ms stands for longer than 100 ms. */
const CODEL = { ...PATH, link: { codel: true } };
const FAIR_QUEUE = { ...PATH, fairQueue: true };
const TARGET_BDP = 5 / 50;

describe('BBR before CoDel', () => {
  it.each([CODEL, FAIR_QUEUE])('alone, fills the link and gives it next to nothing to drop: %o', (path) => {
    const steady = measureSteady(path, 10, 20);
    expect(steady.goodput).toBeGreaterThan(0.97);
    expect(steady.lossRate).toBeLessThan(0.001);
    expect(steady.queueP95Bdp).toBeLessThan(TARGET_BDP);
  });

  it('shares with its like, within twenty times the target at worst', () => {
    const path = { ...CODEL, controllers: ['bbr', 'bbr'] as const };
    const steady = measureSteady(path, 10, 20);
    expect(steady.goodput).toBeGreaterThan(0.95);
    expect(steady.lossRate).toBeLessThan(0.02);
    expect(steady.queueP95Bdp).toBeLessThan(20 * TARGET_BDP);
    const [first = 0, second = 0] = measureShares(path, 10, 40);
    expect(Math.min(first, second) / (first + second)).toBeGreaterThan(0.4);
  });

  it('leaves CUBIC a seventh at least, and the queue at twice the target or so', () => {
    const path = { ...CODEL, controllers: ['bbr', 'cubic'] as const };
    const [bbr = 0, cubic = 0] = measureShares(path, 10, 40);
    expect(bbr / (bbr + cubic)).toBeGreaterThan(0.25);
    expect(bbr / (bbr + cubic)).toBeLessThan(0.86);
    expect(measureSteady(path, 10, 20).queueP95Bdp).toBeLessThan(3 * TARGET_BDP);
  });
});

describe('BBR before fair queues', () => {
  it.each(['bbr', 'cubic'] as const)('gets its half beside %s, and nobody waits for another', (rival) => {
    const path = { ...FAIR_QUEUE, controllers: ['bbr', rival] as const };
    const [first = 0, second = 0] = measureShares(path, 10, 40);
    expect(first).toBeGreaterThan(0.45);
    expect(second).toBeGreaterThan(0.4);
    // Beside CUBIC 3.0: the queue that it builds by itself is in it.
    expect(measureSteady(path, 10, 20).queueP95Bdp).toBeLessThan(3.3 * TARGET_BDP);
  });
});

describe('a policer of 50 Mbit/s on a link of 1 Gbit/s', () => {
  const policed = (burstBytes: number, name: 'bbr' | 'cubic') => ({
    mbitPerSecond: 1_000,
    rttMs: 50,
    bufferBdp: 0.1,
    link: { policer: { bytesPerSecond: 50 * 125_000, burstBytes } },
    controllers: [name],
  });
  // As parts of the policer's rate.
  const inFull = (goodput: number) => goodput * 20;

  it.each([
    { burstBytes: 20_000, goodput: 0.85 },
    { burstBytes: 100_000, goodput: 0.95 },
    { burstBytes: 500_000, goodput: 0.97 },
  ])('with a burst of $burstBytes bytes is used, and not overrun', ({ burstBytes, goodput }) => {
    const steady = measureSteady(policed(burstBytes, 'bbr'), 10, 30);
    expect(inFull(steady.goodput)).toBeGreaterThan(goodput);
    expect(steady.lossRate).toBeLessThan(0.03);
    expect(inFull(steady.goodput)).toBeGreaterThan(
      inFull(measureSteady(policed(burstBytes, 'cubic'), 10, 30).goodput),
    );
  });
});
