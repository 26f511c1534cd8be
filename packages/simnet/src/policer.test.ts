import { describe, expect, it } from 'vitest';
import { Policer } from './policer.ts';

describe('a policer', () => {
  it('admits a burst, and then as much as its rate allows', () => {
    const policer = new Policer({ rateBytesPerSecond: 1e6, burstBytes: 10_000 });
    const admitted = (fromUs: number, packets: number, gapUs: number): number => {
      let count = 0;
      for (let packet = 0; packet < packets; packet++) {
        if (policer.admits(fromUs + packet * gapUs, 1_000)) count++;
      }
      return count;
    };
    expect(admitted(0, 20, 0)).toBe(10);
    expect(admitted(1_000, 100, 500)).toBe(50);
    expect(admitted(1e6, 20, 0)).toBe(10);
  });
});
