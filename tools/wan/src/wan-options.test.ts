import { describe, expect, it } from 'vitest';
import { queueLimitBytes } from './direction-options.ts';
import { completeOptions } from './wan-options.ts';

describe('what is not said of a WAN', () => {
  it('has defaults', () => {
    const { directions, ...rest } = completeOptions({});
    expect(rest).toEqual({ seed: 1, bucketMs: 50, granularityMs: 0.3 });
    expect(directions['a-to-b']).toEqual(directions['b-to-a']);
    expect(directions['a-to-b']).toMatchObject({ rateMbitPerSecond: 100, delayMs: 50, queue: { ms: 100 } });
  });

  it('makes each queue as long as the round trip', () => {
    const { directions } = completeOptions({
      both: { delayMs: 20, rateMbitPerSecond: 500 },
      'b-to-a': { delayMs: 60 },
    });
    expect(directions['a-to-b'].queue).toEqual({ ms: 80 });
    expect(queueLimitBytes(directions['a-to-b'])).toBe(5_000_000);
    expect(directions['b-to-a'].queue).toEqual({ ms: 80 });
  });

  it('leaves a queue on a path without delay', () => {
    expect(completeOptions({ both: { delayMs: 0 } }).directions['a-to-b'].queue).toEqual({ ms: 5 });
  });
});

describe('a value out of its range', () => {
  it.each([
    [{ both: { lossPercent: -1 } }, /loss is -1/],
    [{ both: { delayMs: Number.NaN } }, /delay is NaN/],
    [{ 'a-to-b': { queue: { bytes: -1 } } }, /queue is -1/],
    [{ seed: 0.5 }, /the seed is an integer/],
    [{ granularityMs: 6 }, /granularity is 6; it may be 0 to 5 ms/],
  ])('is refused by name: %j', (options, message) => {
    expect(() => completeOptions(options)).toThrow(message);
  });
});
