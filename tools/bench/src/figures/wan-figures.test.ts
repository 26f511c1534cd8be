import type { WanReport } from '@jetstream/wan';
import { describe, expect, it } from 'vitest';
import { wanFigures } from './wan-figures.ts';
import { bdpBytes, type WanPath, wanOptions } from './wan-path.ts';

const PATH: WanPath = { rateMbitPerSecond: 100, roundTripMs: 10, queueBdp: 1, lossPercent: 1 };
/** Bytes of a ms of the link. */
const MS = 12_500;

/** 100 packets of 1,000 bytes, 4 of them lost, and a queue that grows by 1 ms in each of 100 intervals of 10 ms. */
function report(): WanReport {
  const direction = (queueMs: (index: number) => number) => ({
    options: {} as never,
    offered: { packets: 100, bytes: 100_000 },
    delivered: { packets: 96, bytes: 96_000 },
    droppedByQueue: { packets: 3, bytes: 3000 },
    droppedAtRandom: { packets: 1, bytes: 1000 },
    deepestQueue: { bytes: 100 * MS, ms: 100 },
    lostByEmulation: 0,
    series: {
      bucketMs: 10,
      deliveredBytes: Array.from({ length: 100 }, () => 10 * MS),
      queueBytes: Array.from({ length: 100 }, (_, index) => queueMs(index) * MS),
      droppedByQueue: [],
      droppedAtRandom: [],
      lateMs: [],
    },
  });
  return {
    ...{ backend: 'tun', seed: 1, elapsedMs: 1000, cpuSeconds: 0, changes: [] },
    'a-to-b': direction((index) => index + 1),
    'b-to-a': direction(() => 2),
  };
}

describe('what the path saw of a copy', () => {
  const content = { bytes: 85_000, headerBytesPerPacket: 100 };
  const figures = wanFigures(report(), PATH, { fromMs: 200, toMs: 800 }, content);

  it('counts as redundant what arrived beyond content and headers', () => {
    expect(figures.redundantBytes).toBe(96_000 - 85_000 - 96 * 100);
    expect(figures.redundantShare).toBeCloseTo(1400 / 85_000, 9);
    expect(wanFigures(report(), PATH, { fromMs: 0, toMs: 1 }).redundantBytes).toBeUndefined();
  });

  it('has the series of the time of the copy', () => {
    expect(figures.series.queueMs).toHaveLength(60);
    expect(figures.series.queueMs[0]).toBe(21);
    expect(figures.series.roundTripMs[0]).toBe(10 + 21 + 2);
    expect(figures.series.deliveredMbitPerSecond[0]).toBe(100);
  });

  it('takes the standing queue after start-up, and the deepest from everywhere', () => {
    // Twenty round trips of 10 ms after the start: intervals 40 to 79, with 41 to 80 ms.
    expect(figures.standingQueueP50Ms).toBe(60);
    expect(figures.standingQueueP95Ms).toBe(78);
    expect(figures.standingQueueP95Bdp).toBeCloseTo(7.8, 9);
    expect(figures.deepestQueueBdp).toBe(10);
  });
});

describe('a path', () => {
  it('loses data and no acknowledgements, and has its queue in products of rate and round trip', () => {
    expect(bdpBytes(PATH)).toBe(125_000);
    expect(wanOptions({ ...PATH, queueBdp: 4 }, 7)).toEqual({
      both: { rateMbitPerSecond: 100, delayMs: 5, queue: { ms: 40 } },
      'a-to-b': { lossPercent: 1 },
      seed: 7,
      bucketMs: 20,
    });
  });
});
