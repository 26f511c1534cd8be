import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPLAY_WINDOW_PACKETS, ReplayWindow } from './replay-window.ts';

describe('ReplayWindow', () => {
  it('[PK-3] agrees with a set of all numbers ever marked', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -40, max: 40 }) },
      { weight: 3, arbitrary: fc.integer({ min: -REPLAY_WINDOW_PACKETS - 70, max: 70 }) },
      { weight: 1, arbitrary: fc.integer({ min: -10, max: 3 * REPLAY_WINDOW_PACKETS }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(31, 32, 33, REPLAY_WINDOW_PACKETS - 1, REPLAY_WINDOW_PACKETS + 1),
      },
    );
    const begin = fc.oneof(
      fc.nat(100),
      fc.integer({ min: 2 ** 32 - 50, max: 2 ** 32 + 50 }),
      fc.maxSafeNat(),
    );
    fc.assert(
      fc.property(begin, fc.array(step, { maxLength: 200 }), (first, steps) => {
        const window = new ReplayWindow();
        const marked = new Set<number>();
        let largest = -1;
        let number = first;
        for (const distance of steps) {
          const fresh = !marked.has(number) && number > largest - REPLAY_WINDOW_PACKETS;
          expect(window.isFresh(number)).toBe(fresh);
          if (fresh) {
            window.mark(number);
            marked.add(number);
            largest = Math.max(largest, number);
          }
          expect(window.largest).toBe(largest);
          number = Math.min(Math.max(largest + distance, 0), Number.MAX_SAFE_INTEGER);
        }
      }),
    );
  });

  it('[PK-3] remembers at least 4,096 numbers, and refuses older ones', () => {
    const window = new ReplayWindow();
    for (let number = 0; number < 50_000; number++) window.mark(number);
    expect(REPLAY_WINDOW_PACKETS).toBeGreaterThanOrEqual(4096);
    expect(firstThat(0, 50_000, (number) => window.isFresh(number))).toBe(50_000);
    expect(window.isFresh(50_000)).toBe(true);
  });

  it('[PK-3] takes every number late, once, as long as it is in the window', () => {
    const window = new ReplayWindow();
    window.mark(100_000);
    const wrong = firstThat(100_001 - REPLAY_WINDOW_PACKETS, 100_000, (number) => {
      const before = window.isFresh(number);
      window.mark(number);
      return !before || window.isFresh(number);
    });
    expect(wrong).toBe(100_000);
    expect(window.isFresh(100_000 - REPLAY_WINDOW_PACKETS)).toBe(false);
  });
});

/** The first number from `begin` on for which the test holds, or `end`. */
function firstThat(begin: number, end: number, test: (number: number) => boolean): number {
  for (let number = begin; number < end; number++) if (test(number)) return number;
  return end;
}
