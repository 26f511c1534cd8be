import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimedRing } from './timed-ring.ts';

it('gives what was added in the order of time, equal times in the order of adding, across growth', () => {
  const entry = fc.record({
    time: fc.integer({ min: 0, max: 50 }),
    takeAfter: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 1500 }), (entries) => {
      const ring = new TimedRing();
      const model: { time: number; value: number }[] = [];
      const takeFirst = (): void => {
        const first = model.shift()!;
        expect([ring.firstTime, ring.first]).toEqual([first.time, first.value]);
        expect(ring.takeFirst()).toBe(first.value);
      };
      for (const [value, { time, takeAfter }] of entries.entries()) {
        ring.add(time, value);
        model.push({ time, value });
        model.sort((one, other) => one.time - other.time);
        for (let i = 0; i < takeAfter && model.length > 0 && value % 7 === 0; i++) takeFirst();
        expect(ring.length).toBe(model.length);
      }
      while (model.length > 0) takeFirst();
      expect(ring.firstTime).toBe(Number.POSITIVE_INFINITY);
    }),
    { numRuns: 30 },
  );
});
