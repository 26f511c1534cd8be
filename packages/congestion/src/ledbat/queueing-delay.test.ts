import { describe, expect, it } from 'vitest';
import type { AckSample } from '../controller.ts';
import { QueueingDelay } from './queueing-delay.ts';

const MINUTE_US = 60e6;

function acks(delay: QueueingDelay, nowUs: number, sample: Partial<AckSample>, count = 4): void {
  for (let ack = 0; ack < count; ack++)
    delay.onAck({ nowUs, rttUs: 0, ackDelayUs: 0, minRttUs: 0, ...sample } as AckSample);
}

describe('QueueingDelay', () => {
  it('is nothing before the first sample, and is not moved by ACKs without one', () => {
    const delay = new QueueingDelay();
    acks(delay, 0, {});
    expect([delay.baseUs, delay.delayUs]).toEqual([0, 0]);
  });

  it('is the least of four RTTs less the least of all', () => {
    const delay = new QueueingDelay();
    acks(delay, 0, { rttUs: 40_000 });
    acks(delay, 1, { rttUs: 70_000 }, 3);
    expect(delay.delayUs).toBe(0);
    acks(delay, 2, { rttUs: 55_000 }, 1);
    expect(delay.delayUs).toBe(15_000);
    acks(delay, 3, { rttUs: 90_000 }, 3);
    expect(delay.delayUs).toBe(15_000);
    acks(delay, 4, { rttUs: 90_000 }, 1);
    expect(delay.delayUs).toBe(50_000);
  });

  it('does not count the time for which the peer held its ACK back, but believes no delay below the least RTT', () => {
    const delay = new QueueingDelay();
    acks(delay, 0, { rttUs: 40_000, minRttUs: 40_000 });
    acks(delay, 1, { rttUs: 50_000, ackDelayUs: 8_000, minRttUs: 40_000 });
    expect(delay.delayUs).toBe(2_000);
    acks(delay, 2, { rttUs: 50_000, ackDelayUs: 30_000, minRttUs: 40_000 });
    expect([delay.baseUs, delay.delayUs]).toEqual([40_000, 0]);
  });

  it('knows the least RTT from before its first sample', () => {
    const delay = new QueueingDelay();
    acks(delay, 0, { rttUs: 90_000, minRttUs: 40_000 });
    expect(delay.delayUs).toBe(50_000);
  });

  it('forgets a base after ten minutes', () => {
    const delay = new QueueingDelay();
    acks(delay, 0, { rttUs: 40_000 });
    for (let minute = 1; minute <= 9; minute++) acks(delay, minute * MINUTE_US, { rttUs: 60_000 });
    expect(delay.delayUs).toBe(20_000);
    acks(delay, 10 * MINUTE_US, { rttUs: 60_000 });
    expect([delay.baseUs, delay.delayUs]).toEqual([60_000, 0]);
  });
});
