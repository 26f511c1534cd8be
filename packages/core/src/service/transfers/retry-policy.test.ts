import { ERROR_CODES, type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { GIVE_UP_AFTER_US, isOfDestination, mayRetry, retryDelayUs } from './retry-policy.ts';

const error = (code: ErrorCode) => new JetStreamError(code, 'why');

describe('the next attempt', () => {
  it('comes after 5 s, twice as long each time, at most 5 min, and up to half of it sooner', () => {
    const seconds = (random: number) =>
      [1, 2, 3, 4, 6, 7, 8, 500].map((failures) => retryDelayUs(failures, random) / 1e6);
    expect(seconds(0)).toEqual([5, 10, 20, 40, 160, 300, 300, 300]);
    expect(seconds(0.999_999).every((delay, at) => delay >= seconds(0)[at]! / 2)).toBe(true);
  });

  it('is made after each error that may go away by itself, for 24 h', () => {
    const streak = { failures: 3, since: 1_000 };
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      expect(mayRetry(error(code), streak, 2_000)).toBe(ERROR_CODES[code].retryable);
      expect(mayRetry(error(code), streak, 1_000 + GIVE_UP_AFTER_US)).toBe(false);
    }
  });

  it('is not made because files failed', () => {
    expect(mayRetry(error('transfer-failed'), { failures: 1, since: 0 }, 0)).toBe(false);
  });

  it('holds for all that goes to a destination when that failed', () => {
    expect(isOfDestination(error('host-unreachable'))).toBe(true);
    expect(isOfDestination(error('io-error'))).toBe(false);
  });
});
