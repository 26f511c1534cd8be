import { TransferLimiter } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { LIMITER_NAMES, limiterFromWire, limiterToWire } from './transfer-limiter.ts';

describe('The limiter of a transfer', () => {
  it('is the same at both ends', () => {
    for (const name of Object.values(LIMITER_NAMES)) {
      expect(limiterFromWire(limiterToWire(name))).toBe(name);
    }
    expect(limiterFromWire(TransferLimiter.UNSPECIFIED)).toBeUndefined();
  });
});
