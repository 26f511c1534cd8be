import { describe, expect, it } from 'vitest';
import { measureSteady } from '../testing/measure.ts';

describe('BBR before a buffer', () => {
  it.each([
    { bufferBdp: 0.1, goodput: 0.92 },
    { bufferBdp: 0.25, goodput: 0.97 },
    { bufferBdp: 0.5, goodput: 0.97 },
    { bufferBdp: 1, goodput: 0.97 },
    { bufferBdp: 4, goodput: 0.97 },
    { bufferBdp: 16, goodput: 0.97 },
  ])('of $bufferBdp BDP fills the link and builds no standing queue', ({ bufferBdp, goodput }) => {
    const steady = measureSteady({ mbitPerSecond: 50, rttMs: 100, bufferBdp }, 10, 40);
    expect(steady.goodput).toBeGreaterThan(goodput);
    expect(steady.lossRate).toBeLessThan(0.005);
    expect(steady.queueMedianBdp).toBeLessThan(0.05);
    expect(steady.queueP95Bdp).toBeLessThan(0.25);
  });

  it.each([20, 300])('of 4 BDP keeps the queue below half a BDP at %d ms', (rttMs) => {
    const steady = measureSteady({ mbitPerSecond: 50, rttMs, bufferBdp: 4 }, 10, 40);
    expect(steady.goodput).toBeGreaterThan(0.97);
    expect(steady.queueP95Bdp).toBeLessThan(0.4);
  });

  it('of a tenth of a BDP and 1 % random loss still delivers', () => {
    const steady = measureSteady({ mbitPerSecond: 50, rttMs: 100, bufferBdp: 0.1, loss: 0.01 }, 10, 40);
    expect(steady.goodput).toBeGreaterThan(0.85);
    expect(steady.lossRate).toBeLessThan(0.02);
  });

  it.each([64, 1_000])(
    'of one BDP with timers of 1 ms and ACKs for %d datagrams or 5 ms stays full',
    (ackEvery) => {
      const sender = () => ({ timerGranularityUs: 1_000, ackEvery });
      const steady = measureSteady({ mbitPerSecond: 200, rttMs: 40, sender }, 5, 10);
      expect(steady.goodput).toBeGreaterThan(0.96);
      expect(steady.lossRate).toBeLessThan(0.005);
    },
  );
});

describe('CUBIC before a buffer', () => {
  it.each([0.5, 1, 4])('of %d BDP fills link and buffer', (bufferBdp) => {
    const steady = measureSteady({ mbitPerSecond: 50, rttMs: 40, bufferBdp, controllers: ['cubic'] }, 10, 40);
    expect(steady.goodput).toBeGreaterThan(0.97);
    expect(steady.lossRate).toBeLessThan(0.01);
    expect(steady.queueP95Bdp).toBeGreaterThan(0.5 * bufferBdp);
  });
});
