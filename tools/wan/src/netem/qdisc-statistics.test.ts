import { expect, it } from 'vitest';
import { parseQdiscStatistics } from './qdisc-statistics.ts';

/** Printed by `tc -s -j qdisc show` of iproute2 6.1, after 101 datagrams of 1,000 bytes and a burst. */
const SHOWN = `[{"kind":"netem","handle":"1:","root":true,"refcnt":2,"options":{"limit":1000000,"delay":{"delay":0.02,
"jitter":0,"correlation":0},"loss-random":{"loss":0.1,"correlation":0},"ecn":false,"gap":0},"bytes":103828,
"packets":101,"drops":12,"overlimits":0,"requeues":0,"backlog":9252,"qlen":9},{"kind":"tbf","handle":"10:",
"parent":"1:","options":{"rate":1250000,"burst":3200,"lat":0},"bytes":103828,"packets":101,"drops":5,
"overlimits":101,"requeues":0,"backlog":2056,"qlen":2}]`;

it('tells random drops from those of the queue, which netem counts as its own', () => {
  expect(parseQdiscStatistics(SHOWN)).toEqual({
    deliveredPackets: 101,
    deliveredBytes: 103_828,
    droppedByQueue: 5,
    droppedAtRandom: 7,
    queueBytes: 2056,
  });
});
