import { describe, expect, it } from 'vitest';
import { checkRatePolicy, limitRatePolicy, type RatePolicy, type RatePolicyLimits } from './rate-policy.ts';

const fixed = (targetBytesPerSecond: number): RatePolicy => ({ policy: 'fixed', targetBytesPerSecond });

describe('checkRatePolicy', () => {
  it.each([
    { policy: 'fair' },
    { policy: 'low', capBytesPerSecond: 1_000 },
    { policy: 'high', minimumBytesPerSecond: 5e6, capBytesPerSecond: 5e6 },
    { policy: 'fixed', targetBytesPerSecond: 1e12 },
    { policy: 'fixed', targetBytesPerSecond: 5e6, capBytesPerSecond: 1e6 },
  ] satisfies RatePolicy[])('takes %o', (policy) => {
    expect(() => checkRatePolicy(policy)).not.toThrow();
  });

  it.each([
    [{ policy: 'turbo' }, 'policy'],
    [{ policy: 'fixed' }, 'targetBytesPerSecond'],
    [{ policy: 'fixed', targetBytesPerSecond: 1e6, minimumBytesPerSecond: 1e5 }, 'minimumBytesPerSecond'],
    [{ policy: 'fair', targetBytesPerSecond: 1e6 }, 'targetBytesPerSecond'],
    [{ policy: 'fair', minimumBytesPerSecond: 2e6, capBytesPerSecond: 1e6 }, 'minimumBytesPerSecond'],
    [{ policy: 'fair', capBytesPerSecond: 999 }, 'capBytesPerSecond'],
    [{ policy: 'fair', capBytesPerSecond: Number.POSITIVE_INFINITY }, 'capBytesPerSecond'],
    [{ policy: 'low', minimumBytesPerSecond: Number.NaN }, 'minimumBytesPerSecond'],
    [{ policy: 'fixed', targetBytesPerSecond: -1 }, 'targetBytesPerSecond'],
  ])('refuses %o for its %s', (policy, subject) => {
    expect(() => checkRatePolicy(policy as RatePolicy)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', subject }),
    );
  });
});

describe('limitRatePolicy', () => {
  const rows: [RatePolicy, RatePolicyLimits, RatePolicy][] = [
    [{ policy: 'low' }, {}, { policy: 'low' }],
    [fixed(5e6), {}, fixed(5e6)],
    [{ policy: 'fair' }, { capBytesPerSecond: 1e6 }, { policy: 'fair', capBytesPerSecond: 1e6 }],
    [
      { policy: 'fair', capBytesPerSecond: 5e5 },
      { capBytesPerSecond: 1e6 },
      { policy: 'fair', capBytesPerSecond: 5e5 },
    ],
    [
      { policy: 'high', minimumBytesPerSecond: 5e6 },
      { capBytesPerSecond: 1e6 },
      { policy: 'high', minimumBytesPerSecond: 1e6, capBytesPerSecond: 1e6 },
    ],
    [fixed(5e6), { capBytesPerSecond: 1e6 }, { ...fixed(1e6), capBytesPerSecond: 1e6 }],
    [fixed(5e6), { strongestPolicy: 'high' }, { policy: 'high', capBytesPerSecond: 5e6 }],
    [
      fixed(5e6),
      { strongestPolicy: 'low', capBytesPerSecond: 1e6 },
      { policy: 'low', capBytesPerSecond: 1e6 },
    ],
    [{ policy: 'high' }, { strongestPolicy: 'fair' }, { policy: 'fair' }],
    [{ policy: 'low' }, { strongestPolicy: 'fair' }, { policy: 'low' }],
    // A minimum is a small fixed rate.
    [{ policy: 'fair', minimumBytesPerSecond: 1e6 }, { strongestPolicy: 'high' }, { policy: 'fair' }],
  ];

  it.each(rows)('makes of %o, with %o, %o', (asked, limits, result) => {
    expect(limitRatePolicy(asked, limits)).toEqual(result);
    expect(() => checkRatePolicy(limitRatePolicy(asked, limits))).not.toThrow();
  });
});
