import { describe, expect, it } from 'vitest';
import { Slowdown } from './slowdown.ts';

const RTT_US = 50_000;

describe('Slowdown', () => {
  it('is never due before slow start has ended', () => {
    expect(new Slowdown().isDue(1e12)).toBe(false);
  });

  it('comes two round trips after the first slow start and freezes for two', () => {
    const slowdown = new Slowdown();
    slowdown.plan(1e6, RTT_US);
    expect(slowdown.isDue(1e6 + 2 * RTT_US - 1)).toBe(false);
    expect(slowdown.isDue(1e6 + 2 * RTT_US)).toBe(true);
    slowdown.begin(2e6);
    slowdown.onTime(2e6 + 2 * RTT_US - 1, RTT_US);
    expect(slowdown.isFrozen).toBe(true);
    expect(slowdown.isDue(1e12)).toBe(false);
    slowdown.onTime(2e6 + 2 * RTT_US, RTT_US);
    expect(slowdown.isFrozen).toBe(false);
  });

  it.each([
    ['nine times as long as it lasted', 500_000, 4_500_000],
    ['a second at least', 200, 1_000_000],
  ])('is followed by the next one after %s', (_, lastedUs, waitUs) => {
    const slowdown = new Slowdown();
    slowdown.plan(0, 1);
    slowdown.begin(1e6);
    slowdown.plan(1e6 + lastedUs, 1);
    expect(slowdown.isDue(1e6 + lastedUs + waitUs - 1)).toBe(false);
    expect(slowdown.isDue(1e6 + lastedUs + waitUs)).toBe(true);
  });
});
