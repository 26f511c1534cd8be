import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WindowedMaxFilter } from './windowed-max-filter.ts';

describe('WindowedMaxFilter', () => {
  it('is the maximum over the last so many units of time, whatever comes', () => {
    const step = fc.record({ advance: fc.nat(4), value: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step), (length, steps) => {
        const filter = new WindowedMaxFilter(length);
        const seen: { time: number; value: number }[] = [];
        let time = 0;
        for (const { advance, value } of steps) {
          time += advance;
          filter.update(value, time);
          seen.push({ time, value });
          const inWindow = seen.filter((entry) => entry.time > time - length);
          expect(filter.max).toBe(Math.max(...inWindow.map((entry) => entry.value)));
        }
      }),
    );
  });

  it('is empty after a reset', () => {
    const filter = new WindowedMaxFilter(2);
    filter.update(7, 3);
    filter.reset();
    expect(filter.max).toBe(0);
    filter.update(5, 3);
    expect(filter.max).toBe(5);
  });
});
