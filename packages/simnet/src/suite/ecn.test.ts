import { describe, expect, it } from 'vitest';
import { BLEACHED_MARKS, MARKING_QUEUE } from '../scenarios/ecn.ts';
import { prove } from '../testing/prove.ts';

describe('ECN through the connection', () => {
  it(`[EC-1] ${MARKING_QUEUE.name}: ${MARKING_QUEUE.about}`, () => {
    const { flows, forward } = prove(MARKING_QUEUE);
    for (const { stats } of flows) expect(stats?.ecnState).toBe('capable');
    const reported = flows.reduce((sum, { stats }) => sum + stats!.packetsMarked, 0);
    expect(reported).toBe(forward.counters.marked);
  });

  it(`[EC-2] ${BLEACHED_MARKS.name}: ${BLEACHED_MARKS.about}`, () => {
    const { flows, forward } = prove(BLEACHED_MARKS);
    for (const { stats } of flows) expect([stats?.ecnState, stats?.packetsMarked]).toEqual(['failed', 0]);
    // What the marks are good for: without them the queue is more than twice as long (with them 6 ms).
    expect(forward.queueTimeUs.quantile(0.5, 1e6)).toBeGreaterThan(12_000);
  });
});
