import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  it('lets a burst pass, then its rate, and saves no more than a burst', () => {
    const bucket = new TokenBucket({ bytesPerSecond: 1e6, burstBytes: 3_000 });
    const passed = (nowUs: number) => {
      let packets = 0;
      while (bucket.passes(nowUs, 1_000)) packets++;
      return packets;
    };
    expect(passed(0)).toBe(3);
    expect(passed(999)).toBe(0);
    expect(passed(1_000)).toBe(1);
    expect(passed(1e9)).toBe(3);
  });
});
