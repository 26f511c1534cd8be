import { RttEstimator } from '@jetstream/congestion';
import { describe, expect, it } from 'vitest';
import { ProbeTimeout } from './probe-timeout.ts';

function probeTimeout(rttUs: number): ProbeTimeout {
  const rtt = new RttEstimator();
  for (let i = 0; i < 100; i++) rtt.onSample(rttUs, 0, 0);
  return new ProbeTimeout(rtt);
}

describe('ProbeTimeout', () => {
  it('doubles with each timeout in a row, up to 5 s', () => {
    const timeout = probeTimeout(100_000);
    const baseUs = timeout.baseUs(5000);
    const intervals = Array.from({ length: 10 }, () => {
      const interval = timeout.deadlineUs(0, 5000);
      timeout.onExpired();
      return interval;
    });
    expect(intervals.slice(0, 4)).toEqual([baseUs, 2 * baseUs, 4 * baseUs, 8 * baseUs]);
    expect(intervals.at(-1)).toBe(5_000_000);
  });

  it('is never shorter than one probe timeout', () => {
    const timeout = probeTimeout(8_000_000);
    expect(timeout.deadlineUs(0, 0)).toBeGreaterThan(8_000_000);
  });

  it('[RC-1] allows two packets at the most', () => {
    const timeout = probeTimeout(1000);
    timeout.onExpired();
    timeout.onExpired();
    expect(timeout.probesDue).toBe(2);
    for (let i = 0; i < 3; i++) timeout.onElicitingSent();
    expect(timeout.probesDue).toBe(0);
  });

  it('lets one packet go when the application asks', () => {
    const timeout = probeTimeout(1000);
    timeout.askNow();
    timeout.askNow();
    expect([timeout.count, timeout.probesDue]).toEqual([0, 1]);
  });

  it('begins anew with an acknowledgement', () => {
    const timeout = probeTimeout(1000);
    timeout.onExpired();
    timeout.onAcked();
    expect([timeout.count, timeout.probesDue]).toEqual([0, 0]);
  });
});
