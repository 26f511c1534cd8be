import type { Scenario } from '../scenario.ts';
import { expectedCompletionUs } from './expected-time.ts';
import { MEGABIT, MIB, path } from './path.ts';

const RATE = 100 * MEGABIT;
const RTT_MS = 50;
const BDP_BYTES = (RATE * RTT_MS) / 1000;
const FLOWS = 3;
const BYTES = 20 * MIB;

/** Three flows, which without marks would keep most of a BDP in the queue; it marks from a quarter of one on. */
export const MARKING_QUEUE: Scenario = {
  name: 'marking queue',
  about: 'marks instead of drops: three flows keep the queue near the threshold and the link full',
  ...path({
    rateBytesPerSecond: RATE,
    rttMs: RTT_MS,
    queueBdp: 4,
    forward: { ecnThresholdBytes: BDP_BYTES / 4 },
  }),
  flows: Array.from({ length: FLOWS }, () => ({ transfer: { bytes: BYTES } })),
  marksEcn: true,
  bounds: {
    completionUs: expectedCompletionUs({
      bytes: FLOWS * BYTES,
      rateBytesPerSecond: RATE,
      rttUs: RTT_MS * 1000,
      lossShare: 0,
      steadyShare: 0.85,
    }),
    steadyFromUs: 1e6,
    queueTimeP95Us: (RTT_MS * 1000) / 2,
    redundantShare: 0.01,
  },
};

const { queueTimeP95Us: _, ...boundsWithoutQueue } = MARKING_QUEUE.bounds;

/** The same, and a router on the way that clears the marks: it is as if there were none. */
export const BLEACHED_MARKS: Scenario = {
  ...MARKING_QUEUE,
  name: 'bleached marks',
  about: 'a path that clears the ECN field: its validation fails and nothing else does',
  forward: { ...MARKING_QUEUE.forward, bleachesEcn: true },
  bounds: boundsWithoutQueue,
};

export const ECN: readonly Scenario[] = [MARKING_QUEUE, BLEACHED_MARKS];
