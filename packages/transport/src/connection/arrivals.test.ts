import { AckFrame, MAX_ARRIVAL_RUNS } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.ts';

function describeRuns(arrivals: Arrivals, largestUs: number): [gapUs: number, packets: number][] {
  const ack = new AckFrame();
  arrivals.describe(largestUs, ack);
  const { count, gapsUs, packets } = ack.arrivals;
  return Array.from({ length: count }, (_, i) => [gapsUs[i]!, packets[i]!]);
}

function after(...arrivedUs: number[]): Arrivals {
  const arrivals = new Arrivals();
  for (const us of arrivedUs) arrivals.onPacket(us);
  return arrivals;
}

describe('arrivals', () => {
  it('[RC-3] are told as runs of what came together, newest first, by the time of their ends', () => {
    expect(describeRuns(after(100, 105, 119, 200, 300, 310), 310)).toEqual([
      [0, 2],
      [110, 1],
      [81, 3],
    ]);
  });

  it('are not told when they are one run, or when what came last was not the largest', () => {
    expect(describeRuns(after(100, 110), 110)).toEqual([]);
    expect(describeRuns(after(100, 200, 300), 200)).toEqual([]);
    expect(describeRuns(after(), 0)).toEqual([]);
  });

  it('are forgotten when an ACK has told of them', () => {
    const arrivals = after(...Array.from({ length: 500 }, (_, i) => 100 * i));
    arrivals.clear();
    arrivals.onPacket(60_000);
    arrivals.onPacket(60_030);
    expect(describeRuns(arrivals, 60_030)).toEqual([
      [0, 1],
      [30, 1],
    ]);
  });

  it('lose no packet and no time, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { minLength: 1, maxLength: 300 }), (gaps) => {
        let us = 1_000;
        const times = gaps.map((gap) => (us += gap));
        const runs = describeRuns(after(...times), us);
        expect(runs.length).toBeLessThanOrEqual(MAX_ARRIVAL_RUNS);
        if (runs.length === 0) return;
        const packets = runs.reduce((sum, [, count]) => sum + count, 0);
        expect(packets).toBe(times.length);
        // Each run ends when the last of its packets came.
        let at = times.length - 1;
        let endUs = us;
        for (const [gapUs, count] of runs) {
          endUs -= gapUs;
          expect(endUs).toBe(times[at]);
          at -= count;
        }
      }),
    );
  });
});
