import { describe, expect, it } from 'vitest';
import { TimeSeries } from './time-series.ts';

describe('TimeSeries', () => {
  it('thins itself out instead of growing, and keeps the maximum of all', () => {
    const series = new TimeSeries(1, 16);
    for (let i = 0; i < 1000; i++) series.add(i, i === 501 ? 1e9 : i);
    expect(series.times.length).toBeLessThanOrEqual(16);
    expect(series.times.length).toBeGreaterThanOrEqual(8);
    expect(series.maximum).toBe(1e9);
    const gaps = Array.from(series.times.subarray(1), (at, index) => at - series.times[index]!);
    expect(Math.min(...gaps)).toBeGreaterThan(1000 / 17);
  });

  it('gives quantiles of a stretch of time', () => {
    const series = new TimeSeries(1);
    for (let i = 0; i < 100; i++) series.add(i, i);
    expect(series.quantile(0.5)).toBe(50);
    expect(series.quantile(0.95, 50)).toBe(97);
    expect(new TimeSeries().quantile(0.5)).toBe(0);
  });
});
