import { describe, expect, it } from 'vitest';
import { cubicRateBytesPerSecond, expectedCompletionUs, startupUs } from './expected-time.ts';

const path = { bytes: 12.5e6, rateBytesPerSecond: 12.5e6, rttUs: 100_000, lossShare: 0 };

describe('expected time of a transfer', () => {
  it('is start-up and the time on the wire', () => {
    const doublings = Math.log2(1.25e6 / 38_400);
    expect(startupUs(path)).toBeCloseTo((doublings + 8) * 100_000);
    expect(expectedCompletionUs(path) - startupUs(path)).toBeCloseTo(1e6 / 0.935 / 0.9);
    expect(expectedCompletionUs({ ...path, lossShare: 0.5 }) - startupUs(path)).toBeCloseTo(
      2e6 / 0.935 / 0.9,
    );
  });

  it('has no doublings on a path that the first window fills', () => {
    expect(startupUs({ ...path, rttUs: 1000 })).toBe(8000);
  });

  it('knows what CUBIC makes of loss: Reno at its side when that is faster', () => {
    expect(cubicRateBytesPerSecond(100_000, 0.001) * 0.1).toBeCloseTo(Math.sqrt(1500) * 1200);
    expect(cubicRateBytesPerSecond(100_000, 1e-6) * 0.1).toBeCloseTo(1.054 * 1e5 ** 0.75 * 1200);
  });
});
