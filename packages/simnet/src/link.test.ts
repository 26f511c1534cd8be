import { Ecn } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { DROPPED, IP_UDP_HEADER_BYTES, Link } from './link.ts';
import type { LinkOptions } from './link-options.ts';
import { SeededRandom } from './random.ts';

const datagram = new Uint8Array(972); // 1,000 bytes on the wire
const link = (options: Partial<LinkOptions>): Link =>
  new Link({ name: 'link', ...options }, new SeededRandom(1));

describe('Link', () => {
  it('delivers at the rate, after the delay, with headers counted', () => {
    const slow = link({ rateBytesPerSecond: 1e6, delayUs: 5000 });
    expect([0, 0, 1500].map((at) => slow.offer(at, datagram))).toEqual([6000, 7000, 8000]);
    expect(slow.queuedBytes(2500)).toBe(1000);
    expect(slow.queuedBytes(3000)).toBe(0);
    expect(slow.queueTimeUs.maximum).toBe(1000);
  });

  it('drops the tail when the queue is full, and takes packets again when it drained', () => {
    const short = link({ rateBytesPerSecond: 1e6, queueBytes: 2500 });
    expect([0, 0, 0, 999, 1000].map((at) => short.offer(at, datagram) !== DROPPED)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(short.counters).toMatchObject({
      offered: 5,
      delivered: 3,
      droppedByQueue: 2,
      deepestQueueBytes: 2000,
    });
  });

  it('follows a schedule of rates in the middle of a packet', () => {
    const steps = [
      { atUs: 0, value: 1e6 },
      { atUs: 500, value: 1e5 },
    ];
    expect(link({ rateBytesPerSecond: steps }).offer(0, datagram)).toBe(500 + 5000);
  });

  it('swallows packets over the MTU of the moment', () => {
    const steps = [
      { atUs: 0, value: 972 + IP_UDP_HEADER_BYTES },
      { atUs: 10, value: 999 },
    ];
    const narrow = link({ mtuBytes: steps });
    expect([narrow.offer(0, datagram), narrow.offer(10, datagram)]).toEqual([0, DROPPED]);
    expect(narrow.counters.droppedByMtu).toBe(1);
  });

  it('lets lost packets use capacity', () => {
    const lossy = link({ rateBytesPerSecond: 1e6, loss: [{ kind: 'scripted', packets: [0] }] });
    expect([lossy.offer(0, datagram), lossy.offer(0, datagram)]).toEqual([DROPPED, 2000]);
  });

  it('keeps the order under jitter unless told otherwise', () => {
    const arrivals = (options: Partial<LinkOptions>): number[] => {
      const jittery = link({ jitterUs: 10_000, delayUs: 1000, ...options });
      return Array.from({ length: 500 }, (_, index) => jittery.offer(index * 100, datagram));
    };
    const isSorted = (times: number[]): boolean =>
      times.every((time, index) => index === 0 || time >= times[index - 1]!);
    expect(isSorted(arrivals({}))).toBe(true);
    expect(isSorted(arrivals({ jitterReorders: true }))).toBe(false);
    for (const [index, arrivesUs] of arrivals({ jitterReorders: true }).entries()) {
      expect(arrivesUs).toBeGreaterThanOrEqual(index * 100 + 1000);
      expect(arrivesUs).toBeLessThan(index * 100 + 11_000);
    }
  });

  it('keeps the order when the delay falls', () => {
    const steps = [
      { atUs: 0, value: 5000 },
      { atUs: 100, value: 1000 },
    ];
    const rerouted = link({ delayUs: steps });
    expect([rerouted.offer(0, datagram), rerouted.offer(200, datagram)]).toEqual([5000, 5000]);
  });

  it('holds back the share of packets that it was told to reorder', () => {
    const reordering = link({ reordering: { share: 0.1, upToUs: 1000 } });
    let held = 0;
    for (let i = 0; i < 10_000; i++) if (reordering.offer(i, datagram) > i) held++;
    expect(held).toBe(reordering.counters.reordered);
    expect(held / 10_000).toBeCloseTo(0.1, 1);
  });

  it('marks packets that meet a long queue, duplicates and corrupts by its shares', () => {
    const marking = link({ rateBytesPerSecond: 1e6, ecnThresholdBytes: 1500 });
    const marks = [0, 0].map((at) => {
      marking.offer(at, datagram, Ecn.Ect0);
      return marking.ecn;
    });
    expect(marks).toEqual([Ecn.Ect0, Ecn.Ce]);
    marking.offer(0, datagram);
    expect([marking.ecn, marking.counters.marked]).toEqual([Ecn.NotCapable, 1]);

    const bleaching = link({ bleachesEcn: true });
    bleaching.offer(0, datagram, Ecn.Ce);
    expect(bleaching.ecn).toBe(Ecn.NotCapable);

    const doubling = link({ duplicatedShare: 1, duplicateWithinUs: 100 });
    const arrivesUs = doubling.offer(7, datagram);
    expect(doubling.duplicateArrivesUs).toBeGreaterThanOrEqual(arrivesUs);
    expect(doubling.duplicateArrivesUs).toBeLessThan(arrivesUs + 100);

    const spoiling = link({ corruptedShare: 1 });
    for (let i = 0; i < 100; i++) {
      const content = new Uint8Array(40);
      spoiling.offer(i, content);
      expect(content.some((byte) => byte !== 0)).toBe(true);
    }
  });

  it('repeats itself for a seed', () => {
    const run = (seed: number): number[] => {
      const noisy = new Link(
        { name: 'x', jitterUs: 99, loss: [{ kind: 'bernoulli', share: 0.3 }] },
        new SeededRandom(seed),
      );
      return Array.from({ length: 50 }, (_, index) => noisy.offer(index, datagram));
    };
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });
});
