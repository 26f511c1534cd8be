import { describe, expect, it } from 'vitest';
import { TrafficSeries } from './traffic-series.ts';

describe('traffic over time', () => {
  it('tells the deepest queue of each interval, also of those in which nothing happened', () => {
    const series = new TrafficSeries(1000);
    series.queue(100, 9000);
    series.queue(200, 3000);
    series.queue(3500, 0);
    expect(series.report(5000).queueBytes).toEqual([9000, 3000, 3000, 3000, 0, 0]);
  });

  it('doubles the interval when it runs out of them, and loses nothing', () => {
    const series = new TrafficSeries(1000, 4);
    for (let ms = 0; ms < 9; ms++) {
      series.delivered(ms * 1000, 100, ms * 1000);
      series.queue(ms * 1000, 10 * ms);
      series.droppedByQueue(ms * 1000);
      series.droppedAtRandom(ms * 1000, 2);
    }
    expect(series.report(9000)).toEqual({
      bucketMs: 4,
      deliveredBytes: [400, 400, 100],
      queueBytes: [30, 70, 80],
      droppedByQueue: [4, 4, 1],
      droppedAtRandom: [8, 8, 2],
      lateMs: [3, 7, 8],
    });
  });
});
