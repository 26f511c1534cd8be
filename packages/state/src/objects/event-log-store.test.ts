import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openVolatileDatabase } from '../database/volatile-database.ts';
import { WriteQueue } from '../database/write-queue.ts';
import { openState } from '../open-state.ts';
import { freshDirectory } from '../testing/temporary-directory.ts';
import { LevelEventLog, type LoggedEvent } from './event-log-store.ts';

const event = (time: number, name = 'transferUpdated'): LoggedEvent => ({ _event: name, _timestamp: time });

describe('the event log', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('has what was appended, in order, also for the next process', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    for (let time = 1; time <= 5; time++) first.eventLog.append(event(time));
    await first.close();
    const second = await openState(directory);
    second.eventLog.append(event(6));
    const times = (await second.eventLog.read({ limit: 10 })).map(({ _timestamp }) => _timestamp);
    expect(times).toEqual([1, 2, 3, 4, 5, 6]);
    await second.close();
  });

  it('gives the first or the last that match, wherever they are and however the clock was set', async () => {
    const entry = fc.record({ time: fc.nat({ max: 30 }), name: fc.constantFrom('a', 'b') });
    const query = fc.record({
      since: fc.nat({ max: 30 }),
      until: fc.nat({ max: 35 }),
      limit: fc.nat({ max: 6 }),
      which: fc.constantFrom('first' as const, 'last' as const),
      written: fc.nat({ max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), query, async (entries, { written, ...query }) => {
        const log = await volatileLog();
        const matching: LoggedEvent[] = [];
        for (const [at, { time, name }] of entries.entries()) {
          log.append(event(time, name));
          if (at === written) await log.flush();
          if (time >= query.since && time < query.until && name === 'a') matching.push(event(time, name));
        }
        const expected =
          query.which === 'first'
            ? matching.slice(0, query.limit)
            : matching.slice(matching.length - Math.min(query.limit, matching.length));
        expect(await log.read({ ...query, matches: ({ _event }) => _event === 'a' })).toEqual(expected);
        await log.close();
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the latest, and as many as it may', async () => {
    const log = await volatileLog(100);
    for (let time = 0; time < 250; time++) {
      log.append(event(time));
      if (time % 7 === 0) await log.flush();
    }
    await log.close();
    const all = await log.read({ limit: 1_000 });
    expect(all.length).toBeGreaterThanOrEqual(100);
    expect(all.length).toBeLessThanOrEqual(101);
    expect(all.map(({ _timestamp }) => _timestamp)).toEqual(all.map((_, at) => 250 - all.length + at));
  });

  it('lets nobody’s events push out those of others, also after a restart, and keeps their order', async () => {
    const owner = fc.constantFrom('ann', 'bob', null);
    const some = fc.record({ owner, count: fc.nat({ max: 12 }), restarts: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { maxLength: 12 }), async (bursts) => {
        const queue = new WriteQueue(await openVolatileDatabase(), () => undefined);
        const open = async () => {
          const opened = new LevelEventLog(queue, () => undefined, 30);
          await opened.load();
          return opened;
        };
        let log = await open();
        const appended: LoggedEvent[] = [];
        for (const { owner, count, restarts } of bursts) {
          for (let at = 0; at < count; at++) {
            appended.push({ ...event(appended.length), owner });
            log.append(appended.at(-1)!);
          }
          if (!restarts) continue;
          await log.close();
          log = await open();
        }
        await log.close();
        const kept = await log.read({ limit: 1_000 });
        expect(kept).toEqual(
          appended.filter(({ _timestamp }) => kept.some((one) => one._timestamp === _timestamp)),
        );
        expect(kept.length).toBeLessThanOrEqual(30);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(28, appended.length));
        for (const owner of ['ann', 'bob', null]) {
          const own = (events: LoggedEvent[]) => events.filter((one) => one.owner === owner);
          const count = own(kept).length;
          expect(own(kept)).toEqual(own(appended).slice(own(appended).length - count));
          expect(count).toBeGreaterThanOrEqual(Math.min(own(appended).length, 10));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('removes what is older than a time', async () => {
    const log = await volatileLog();
    for (const time of [1, 2, 9, 3, 10, 11]) log.append(event(time));
    await log.flush();
    // 3 came after 9, when the clock had been set back: it is as old as that.
    expect(await log.removeBefore(9)).toBe(2);
    expect((await log.read({ limit: 10 })).map(({ _timestamp }) => _timestamp)).toEqual([9, 3, 10, 11]);
    expect(await log.removeBefore(100)).toBe(4);
    expect(await log.removeBefore(100)).toBe(0);
    log.append(event(12));
    await log.close();
    expect(await log.read({ limit: 10 })).toEqual([event(12)]);
  });

  it('forgets the oldest of what the disk does not take, says so once, and goes on', async () => {
    const database = await openVolatileDatabase();
    const notes: string[] = [];
    const log = new LevelEventLog(new WriteQueue(database, () => undefined), (note) => notes.push(note));
    const batch = vi.spyOn(database, 'batch').mockRejectedValue(new Error('No space left on device'));
    for (let time = 0; time < 3_000; time++) log.append(event(time));
    await log.flush();
    await log.flush();
    batch.mockRestore();
    await log.close();
    const all = await log.read({ limit: 10_000 });
    expect(all.map(({ _timestamp }) => _timestamp)).toEqual(all.map((_, at) => 1_000 + at));
    expect(all).toHaveLength(2_000);
    expect(notes).toEqual([expect.stringContaining('No space left')]);
  });
});

async function volatileLog(maxEvents?: number): Promise<LevelEventLog> {
  const queue = new WriteQueue(await openVolatileDatabase(), () => undefined);
  return new LevelEventLog(queue, () => undefined, maxEvents);
}
