import { describe, expect, it } from 'vitest';
import { measureStartUp } from '../testing/measure.ts';
import { DATAGRAM_BYTES } from '../testing/path.ts';

const RATES = [10, 100, 1_000];
const RTTS = [10, 100, 300];
const PATHS = [
  ...RATES.flatMap((mbitPerSecond) => RTTS.map((rttMs) => ({ mbitPerSecond, rttMs }))),
  { mbitPerSecond: 100, rttMs: 1 },
  { mbitPerSecond: 1_000, rttMs: 1 },
  { mbitPerSecond: 10, rttMs: 600 },
  { mbitPerSecond: 1_000, rttMs: 600 },
  { mbitPerSecond: 10_000, rttMs: 1 },
];
/** With the datagrams of a path for jumbo frames. */
const LARGEST_PATHS = [
  { mbitPerSecond: 10_000, rttMs: 100 },
  { mbitPerSecond: 10_000, rttMs: 600 },
];

describe.each(PATHS)('starting up on $mbitPerSecond Mbit/s, $rttMs ms', (path) => {
  const bdpDatagrams = (path.mbitPerSecond * 125 * path.rttMs) / DATAGRAM_BYTES;
  const doublings = Math.max(0, Math.log2(bdpDatagrams / 32));

  it('BBR uses nine tenths of the link after the doublings it takes and three and a half round trips', () => {
    const startUp = measureStartUp({ ...path, bufferBdp: 4 });
    expect(startUp.roundTrips).toBeLessThanOrEqual(doublings + 3.5);
    // One BDP by design of the window, or the initial window on the smallest path.
    expect(startUp.maxQueueBytes).toBeLessThan(Math.max(1.35 * bdpDatagrams, 45) * DATAGRAM_BYTES);
    // Where four BDP hold less than the initial window, part of it is lost.
    if (4 * bdpDatagrams > 64) expect(startUp.lossRate).toBe(0);
  });

  it('CUBIC is as fast', () => {
    const startUp = measureStartUp({ ...path, bufferBdp: 4, controllers: ['cubic'] });
    expect(startUp.roundTrips).toBeLessThanOrEqual(doublings + 3.5);
  });
});

describe.each(LARGEST_PATHS)('starting up on $mbitPerSecond Mbit/s, $rttMs ms', (path) => {
  it('BBR uses nine tenths of the link after the doublings it takes and three and a half round trips', () => {
    const datagramBytes = 9_000;
    const doublings = Math.log2((path.mbitPerSecond * 125 * path.rttMs) / datagramBytes / 32);
    const startUp = measureStartUp({ ...path, bufferBdp: 4, datagramBytes });
    expect(startUp.roundTrips).toBeLessThanOrEqual(doublings + 3.5);
    expect(startUp.maxQueueBdp).toBeLessThan(1.35);
    expect(startUp.lossRate).toBe(0);
  });
});
