import { describe, expect, it } from 'vitest';
import { FakeTransferStore } from '../../testing/transfer-service.ts';
import type { TransferRecord } from './record.ts';
import { TransferBook } from './transfer-book.ts';
import { TransferTimes } from './transfer-times.ts';

const HOUR_US = 3_600e6;
const known = (requestTime: number, times = {}) => ({
  requestTime,
  queueTime: null,
  startTime: null,
  endTime: null,
  snapshotTime: null,
  ...times,
});

describe('the time of a transfer', () => {
  it('goes on by the monotonic clock when the wall clock is set back an hour, or on', () => {
    const clock = { wall: 1e15, monotonic: 500 };
    const times = new TransferTimes({ wallUs: () => clock.wall, monotonicUs: () => clock.monotonic });
    const requestTime = times.begin('a');
    expect(requestTime).toBe(1e15);
    for (const step of [-HOUR_US, 2 * HOUR_US]) {
      clock.wall += step;
      clock.monotonic += 7;
    }
    expect(times.now('a', known(requestTime))).toBe(requestTime + 14);
  });

  it('is, after a restart, none before one that was known', () => {
    const before = known(1e15, { startTime: 1e15 + 100, snapshotTime: 1e15 + 300 });
    const after = { wall: 1e15 - HOUR_US, monotonic: 3 };
    const times = new TransferTimes({ wallUs: () => after.wall, monotonicUs: () => after.monotonic });
    expect(times.now('a', before)).toBe(1e15 + 300);
    after.monotonic += 10;
    expect(times.now('a', before)).toBe(1e15 + 310);
  });

  it('is forgotten with it, after all that is told of it', async () => {
    const asked: string[] = [];
    const times = { now: () => asked.push('now'), forget: () => asked.push('forget') };
    const events = { emit: () => undefined };
    const store = new FakeTransferStore([['a', { ...known(1), transferId: 'a' } as TransferRecord]]);
    const book = new TransferBook(store, times as unknown as TransferTimes, events, (record) => ({
      now: book.now(record),
    }));
    await book.delete('a', () => true);
    expect(asked).toEqual(['now', 'forget']);
  });

  it('is the wall clock after a restart when that has gone on', () => {
    const times = new TransferTimes({ wallUs: () => 1e15 + HOUR_US, monotonicUs: () => 0 });
    expect(times.now('a', known(1e15))).toBe(1e15 + HOUR_US);
  });
});
