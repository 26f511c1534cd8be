import { describe, expect, it } from 'vitest';
import { limitedRateLine } from './rate-policy.ts';

describe('limitedRateLine', () => {
  it('says nothing when the server does as it was asked, to the byte', () => {
    expect(limitedRateLine({}, { policy: 'fair' })).toBeUndefined();
    expect(
      limitedRateLine({ capBitsPerSecond: 8_007 }, { policy: 'fair', capBitsPerSecond: 8_000 }),
    ).toBeUndefined();
  });

  it('says what the server keeps to instead', () => {
    expect(
      limitedRateLine(
        { policy: 'fixed', targetBitsPerSecond: 1e9 },
        { policy: 'high', capBitsPerSecond: 5e8 },
      ),
    ).toBe('jscp: the server limits the rate policy: high, at most 500 Mbit/s');
  });
});
