import { describe, expect, it } from 'vitest';
import { bytesPerSecond, shareOfFirst } from './flow-rates.ts';

describe('the bytes of each second', () => {
  it('are told by straight lines between what is known', () => {
    const progress = [
      { atMs: 500, bytes: 0 },
      { atMs: 1500, bytes: 1000 },
      { atMs: 3000, bytes: 2500 },
    ];
    expect(bytesPerSecond(progress, 4)).toEqual([500, 1000, 1000, 0]);
  });

  it('are none of a flow that told nothing', () => {
    expect(bytesPerSecond([], 2)).toEqual([0, 0]);
  });

  it('are not negative when a flow takes something back', () => {
    const progress = [
      { atMs: 0, bytes: 100 },
      { atMs: 1000, bytes: 50 },
    ];
    expect(bytesPerSecond(progress, 1)).toEqual([0]);
  });
});

describe('the share of the first flow', () => {
  it('is that of the bytes that count', () => {
    const flows = [
      [100, 30, 30],
      [0, 50, 70],
      [0, 20, 0],
    ];
    expect(shareOfFirst(flows)).toBeCloseTo(160 / 300, 9);
    expect(shareOfFirst(flows, 1)).toBeCloseTo(60 / 200, 9);
    expect(shareOfFirst([[0], [0]])).toBe(0);
  });
});
