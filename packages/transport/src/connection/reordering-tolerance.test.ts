import { describe, expect, it } from 'vitest';
import { ReorderingTolerance } from './reordering-tolerance.ts';

describe('ReorderingTolerance', () => {
  it('begins with the thresholds of RFC 9002', () => {
    const tolerance = new ReorderingTolerance();
    expect([tolerance.packetThreshold, tolerance.lossDelayUs(1234)]).toEqual([3, 1234]);
  });

  it('rises as far as it was fooled, up to a bound', () => {
    const tolerance = new ReorderingTolerance();
    tolerance.onSpuriousLoss(20, 200_000);
    tolerance.onSpuriousLoss(5, 100_000);
    expect(tolerance.packetThreshold).toBe(21);
    expect(tolerance.lossDelayUs(120_000)).toBe(210_000);
    expect(tolerance.lossDelayUs(300_000)).toBe(300_000);
    tolerance.onSpuriousLoss(1e9, 1e12);
    expect([tolerance.packetThreshold, tolerance.lossDelayUs(1000)]).toEqual([1000, 4000]);
  });

  it('falls again on a path that loses but keeps order', () => {
    const tolerance = new ReorderingTolerance();
    tolerance.onSpuriousLoss(99, 240_000);
    for (let round = 0; round < 400; round++) tolerance.onLoss(round * 1000 + 500, round * 1000);
    expect([tolerance.packetThreshold, tolerance.lossDelayUs(100_000)]).toEqual([3, 100_000]);
  });

  it('does not fall within one round, however many packets are lost', () => {
    const tolerance = new ReorderingTolerance();
    tolerance.onSpuriousLoss(99, 0);
    for (let i = 0; i < 1000; i++) tolerance.onLoss(100_000, 50_000 + i);
    expect(tolerance.packetThreshold).toBe(100);
  });
});
