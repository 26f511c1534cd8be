import { createLossModel, SeededRandom } from '@jetstream/simnet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_DIRECTION, type DirectionChanges } from '../direction-options.ts';
import { PacketSlots } from './packet-slots.ts';
import { Shaper } from './shaper.ts';

const SEED = 7;
/** 12 Mbit/s: 1.5 bytes a microsecond, so that a packet of 1,500 bytes takes 1 ms. */
const BASE: DirectionChanges = { rateMbitPerSecond: 12, delayMs: 10, queue: { bytes: 1e9 } };

/** A shaper, and what comes out of it as [µs, number of the packet]. */
class Bench {
  readonly slots = new PacketSlots(100_000);
  readonly shaper: Shaper;
  #number = 0;
  readonly #numberOfSlot = new Map<number, number>();

  constructor(changes: DirectionChanges) {
    this.shaper = new Shaper(this.options(changes), {
      slots: this.slots,
      random: new SeededRandom(SEED),
      bucketUs: 10_000,
    });
  }

  options(changes: DirectionChanges) {
    return { ...DEFAULT_DIRECTION, ...BASE, ...changes };
  }

  offer(nowUs: number, ...sizes: number[]): void {
    for (const size of sizes) {
      const slot = this.slots.allocate();
      this.slots.lengthBytes[slot] = size;
      this.#numberOfSlot.set(slot, this.#number++);
      this.shaper.offer(nowUs, slot);
    }
  }

  change(nowUs: number, changes: DirectionChanges): void {
    this.shaper.change(nowUs, { ...this.shaper.options, ...changes });
  }

  /** Takes out all that is due by then, each when it is due. */
  arrivals(untilUs = 1e12): [number, number][] {
    const out: [number, number][] = [];
    for (;;) {
      const dueUs = this.shaper.nextDueUs;
      if (dueUs > untilUs) return out;
      this.shaper.advance(dueUs);
      if (this.shaper.firstDueUs > dueUs) continue;
      const slot = this.shaper.take(dueUs);
      out.push([dueUs, this.#numberOfSlot.get(slot)!]);
      this.slots.release(slot);
    }
  }

  dueTimes(): number[] {
    return this.arrivals().map(([dueUs]) => dueUs);
  }
}

describe('rate and delay', () => {
  it('sends packets one after another, and delivers each after the delay', () => {
    const bench = new Bench({});
    bench.offer(0, 1500, 750, 1500);
    expect(bench.arrivals()).toEqual([
      [11_000, 0],
      [11_500, 1],
      [12_500, 2],
    ]);
  });

  it('starts anew when the line was idle', () => {
    const bench = new Bench({});
    bench.offer(0, 1500);
    bench.offer(5000, 1500);
    expect(bench.dueTimes()).toEqual([11_000, 16_000]);
  });

  it('has no queue and takes no time to send without a limit of rate', () => {
    const bench = new Bench({ rateMbitPerSecond: 'unlimited', queue: { bytes: 0 } });
    bench.offer(3, 1500, 1500, 1500);
    expect(bench.dueTimes()).toEqual([10_003, 10_003, 10_003]);
    expect(bench.shaper.traffic.deepestQueue).toEqual({ bytes: 0, ms: 0 });
  });

  it('sends the rest of a packet at the new rate', () => {
    const bench = new Bench({});
    bench.offer(0, 1500, 1500);
    bench.change(500, { rateMbitPerSecond: 24 }); // 750 bytes are left, at 3 bytes a microsecond
    expect(bench.dueTimes()).toEqual([10_750, 11_250]);
  });

  it('empties the queue at once when the limit of rate goes', () => {
    const bench = new Bench({});
    bench.offer(0, 1500, 1500, 1500);
    bench.change(1200, { rateMbitPerSecond: 'unlimited' });
    expect(bench.dueTimes()).toEqual([11_000, 11_200, 11_200]);
  });

  it('lets packets after a shorter delay overtake those before it, and none after a longer one', () => {
    const bench = new Bench({});
    bench.offer(0, 1500);
    bench.change(1000, { delayMs: 2 });
    bench.offer(1000, 1500);
    bench.change(2000, { delayMs: 20 });
    bench.offer(2000, 1500);
    expect(bench.arrivals()).toEqual([
      [4000, 1],
      [11_000, 0],
      [23_000, 2],
    ]);
  });
});

describe('the queue', () => {
  it('drops what would be more than its limit', () => {
    const bench = new Bench({ queue: { bytes: 4000 } });
    bench.offer(0, 1500, 1500, 1500, 1000, 1);
    expect(bench.arrivals().map(([, number]) => number)).toEqual([0, 1, 3]);
    expect(bench.shaper.traffic).toMatchObject({
      offered: { packets: 5, bytes: 5501 },
      delivered: { packets: 3, bytes: 4000 },
      droppedByQueue: { packets: 2, bytes: 1501 },
      deepestQueue: { bytes: 4000, ms: 4000 / 1500 },
    });
  });

  it('always has room for one packet', () => {
    const bench = new Bench({ queue: { bytes: 0 } });
    bench.offer(0, 1500, 1500);
    bench.offer(999, 1500);
    bench.offer(1000, 1500);
    expect(bench.arrivals().map(([, number]) => number)).toEqual([0, 3]);
  });

  it('has a limit in time that follows the rate', () => {
    const bench = new Bench({ queue: { ms: 2 } });
    bench.offer(0, 1500, 1500, 1500);
    expect(bench.shaper.traffic.droppedByQueue.packets).toBe(1);
    bench.change(0, { rateMbitPerSecond: 24 });
    bench.offer(0, 1500, 1500, 1500);
    expect(bench.shaper.traffic.droppedByQueue.packets).toBe(2);
    expect(bench.shaper.traffic.deepestQueue).toEqual({ bytes: 6000, ms: 2 });
  });
});

describe('loss', () => {
  it('takes capacity: it comes after the queue', () => {
    const bench = new Bench({ lossPercent: 100 });
    bench.offer(0, 1500);
    bench.shaper.advance(500);
    bench.offer(500, 1500);
    bench.change(1000, { lossPercent: 0 });
    expect(bench.arrivals()).toEqual([[12_000, 1]]);
    expect(bench.shaper.traffic.droppedAtRandom).toEqual({ packets: 1, bytes: 1500 });
    expect(bench.slots.used).toBe(0);
  });

  it('is a black hole for as long as it is 100 %', () => {
    const bench = new Bench({});
    for (let ms = 0; ms < 10; ms++) {
      if (ms === 3) bench.change(ms * 1000, { lossPercent: 100 });
      if (ms === 6) bench.change(ms * 1000, { lossPercent: 0 });
      bench.offer(ms * 1000, 150);
    }
    expect(bench.arrivals().map(([, number]) => number)).toEqual([0, 1, 2, 6, 7, 8, 9]);
  });

  it.each([
    ['at random', { lossPercent: 2 }, { kind: 'bernoulli', share: 0.02 }],
    [
      'in bursts',
      { burstLoss: { goodPackets: 500, badPackets: 10 } },
      { kind: 'gilbert-elliott', goodPackets: 500, badPackets: 10 },
    ],
  ] as const)('%s is that of the simulator, packet by packet', (_, changes, model) => {
    const bench = new Bench(changes);
    const expected = createLossModel(model, new SeededRandom(SEED).derive(model.kind));
    const kept: number[] = [];
    for (let number = 0; number < 20_000; number++) {
      bench.offer(number * 1000, 1500);
      if (!expected.drops((number + 1) * 1000)) kept.push(number);
    }
    expect(bench.arrivals().map(([, number]) => number)).toEqual(kept);
    expect(kept.length).toBeGreaterThan(19_300);
    expect(kept.length).toBeLessThan(19_900);
  });
});

describe('jitter, reordering, duplication', () => {
  it('jitter delays within its bound and keeps the order', () => {
    const bench = new Bench({ jitterMs: 5 });
    for (let number = 0; number < 1000; number++) bench.offer(number * 1000, 150);
    const arrivals = bench.arrivals();
    expect(arrivals.map(([, number]) => number)).toEqual(Array.from({ length: 1000 }, (_, number) => number));
    for (const [dueUs, number] of arrivals) {
      expect(dueUs).toBeGreaterThanOrEqual(number * 1000 + 10_100);
      expect(dueUs).toBeLessThan(number * 1000 + 15_100);
    }
  });

  it('holds back the share asked for, within its bound', () => {
    const bench = new Bench({ reorderPercent: 10, reorderMs: 5 });
    for (let number = 0; number < 10_000; number++) bench.offer(number * 1000, 150);
    let late = 0;
    for (const [dueUs, number] of bench.arrivals()) {
      const heldUs = dueUs - number * 1000 - 10_100;
      expect(heldUs).toBeGreaterThanOrEqual(0);
      expect(heldUs).toBeLessThan(5000);
      if (heldUs > 0) late++;
    }
    expect(late).toBe(bench.shaper.traffic.reorderedPackets);
    expect(late).toBeGreaterThan(900);
    expect(late).toBeLessThan(1100);
  });

  it('delivers a duplicated packet twice and then frees its place', () => {
    const bench = new Bench({ duplicatePercent: 100 });
    bench.offer(0, 1500);
    expect(bench.arrivals()).toEqual([
      [11_000, 0],
      [11_000, 0],
    ]);
    expect(bench.shaper.traffic.duplicatedPackets).toBe(1);
    expect(bench.slots.used).toBe(0);
  });
});

describe('the report', () => {
  it('tells intervals: what arrived, how deep the queue was, what was dropped', () => {
    const bench = new Bench({ queue: { bytes: 30_000 }, delayMs: 0 });
    bench.offer(0, ...Array.from({ length: 25 }, () => 1500));
    bench.arrivals();
    expect(bench.shaper.report(39_000).series).toEqual({
      bucketMs: 10,
      deliveredBytes: [9 * 1500, 10 * 1500, 1500, 0],
      queueBytes: [30_000, 16_500, 1500, 0],
      droppedByQueue: [5, 0, 0, 0],
      droppedAtRandom: [0, 0, 0, 0],
      lateMs: [0, 0, 0, 0],
    });
  });

  it('counts how late packets were taken', () => {
    const bench = new Bench({});
    bench.offer(0, 1500);
    bench.shaper.advance(11_400);
    bench.slots.release(bench.shaper.take(11_400));
    expect(bench.shaper.report(20_000).lateness).toEqual({ meanMs: 0.4, p99Ms: 0.4, worstMs: 0.4 });
  });
});

describe('whatever happens', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('offer' as const), bytes: fc.integer({ min: 20, max: 1500 }) }),
    fc.record({ do: fc.constant('wait' as const), us: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({
      do: fc.constant('change' as const),
      changes: fc.record({
        rateMbitPerSecond: fc.constantFrom<number | 'unlimited'>(0.1, 1, 12, 500, 'unlimited'),
        delayMs: fc.constantFrom(0, 1, 300),
        jitterMs: fc.constantFrom(0, 3),
        lossPercent: fc.constantFrom(0, 10, 100),
        reorderPercent: fc.constantFrom(0, 20),
        duplicatePercent: fc.constantFrom(0, 20),
        queue: fc.constantFrom({ ms: 5 }, { bytes: 3000 }),
      }),
    }),
  );

  it('every packet is delivered, dropped or lost, once; no time goes back; no place is kept', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const bench = new Bench({});
        const { traffic } = bench.shaper;
        let nowUs = 0;
        for (const each of steps) {
          if (each.do === 'offer') bench.offer(nowUs, each.bytes);
          else if (each.do === 'change') bench.change(nowUs, each.changes);
          else {
            nowUs += each.us;
            const times = bench.arrivals(nowUs).map(([dueUs]) => dueUs);
            expect(times).toEqual([...times].sort((one, other) => one - other));
          }
        }
        expect(bench.arrivals().every(([dueUs]) => dueUs >= nowUs)).toBe(true);
        const { offered, delivered, droppedByQueue, droppedAtRandom, duplicatedPackets } = traffic;
        expect(delivered.packets - duplicatedPackets + droppedByQueue.packets + droppedAtRandom.packets).toBe(
          offered.packets,
        );
        expect(bench.slots.used).toBe(0);
      }),
    );
  });
});
