import { describe, expect, it } from 'vitest';
import { RateMeter } from './rate-meter.ts';

describe('RateMeter', () => {
  it('says nothing before two readings', () => {
    expect(new RateMeter().update(0, 1_000)).toBe(0);
  });

  it('gives bits per second over the last two seconds only', () => {
    const meter = new RateMeter();
    let rate = 0;
    for (let ms = 0; ms <= 5_000; ms += 200) rate = meter.update(ms, ms * 1_000);
    expect(rate).toBeCloseTo(8_000_000);
    for (let ms = 5_200; ms <= 10_000; ms += 200) rate = meter.update(ms, 5_000_000);
    expect(rate).toBe(0);
  });
});
