import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../database/open-database.ts';
import { WriteQueue } from '../database/write-queue.ts';
import { openState, type State } from '../open-state.ts';
import { headerOf, segmentOf, updateOf } from '../testing/records.ts';
import { freshDirectory } from '../testing/temporary-directory.ts';
import { LevelResumeStore } from './resume-store.ts';

const DAY_MS = 86_400_000;

describe('the store of resume records', () => {
  const open: State[] = [];

  async function start(directory = freshDirectory(), notes: string[] = []): Promise<State> {
    const state = await openState(directory, { onNote: (note) => notes.push(note) });
    open.push(state);
    return state;
  }

  afterEach(async () => {
    vi.useRealTimers();
    for (const state of open.splice(0)) await state.close();
  });

  it('has what was saved, also for the next process', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    const update = updateOf('/a/b', [segmentOf(0, [0, 3]), segmentOf(2, [9])]);
    await first.resume.save([update]);
    await first.close();
    const { resume } = await start(directory);
    expect(resume.isEmpty).toBe(false);
    expect(await resume.claim('/a/b', {})).toEqual({
      key: '/a/b',
      ...update.header,
      segments: update.segments,
    });
    expect(await resume.claim('/a', {})).toBeUndefined();
  });

  it('agrees with a map, whatever is saved, removed and claimed', async () => {
    const { resume } = await start();
    const keys = ['/a', '/a/b', '/ab', '7:/a', '/a\u0001', '/ä'];
    const model = new Map<string, ReturnType<typeof updateOf>>();
    const key = fc.constantFrom(...keys);
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('save' as const),
        key,
        inode: fc.nat({ max: 1 }),
        number: fc.nat({ max: 2 }),
        fill: fc.nat({ max: 255 }),
      }),
      fc.record({ kind: fc.constant('remove' as const), key }),
      fc.record({ kind: fc.constant('claim' as const), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await resume.remove(keys);
        model.clear();
        for (const step of steps) {
          const known = model.get(step.key);
          if (step.kind === 'save') {
            const segment = segmentOf(step.number, [step.number], step.fill);
            const update = updateOf(step.key, [segment], { partialInode: step.inode });
            await resume.save([update]);
            const kept = known?.header.partialInode === step.inode ? known.segments : [];
            const segments = [...kept.filter(({ number }) => number !== step.number), segment];
            model.set(step.key, { ...update, segments: segments.sort((a, b) => a.number - b.number) });
          } else if (step.kind === 'remove') {
            await resume.remove([step.key]);
            model.delete(step.key);
          } else {
            const holder = {};
            const expected = known && { key: step.key, ...known.header, segments: known.segments };
            expect(await resume.claim(step.key, holder)).toEqual(expected);
            resume.release(holder);
          }
        }
        expect(resume.isEmpty).toBe(model.size === 0);
      }),
      { numRuns: 40 },
    );
  });

  it('gives a record to one holder at a time', async () => {
    const { resume } = await start();
    await resume.save([updateOf('/a', [segmentOf(0, [0])]), updateOf('/b', [segmentOf(0, [0])])]);
    const [one, other] = [{}, {}];
    expect(await resume.claim('/a', one)).toBeDefined();
    expect(await resume.claim('/a', one)).toBeDefined();
    expect(await resume.claim('/a', other)).toBeUndefined();
    expect(await resume.claim('/new', one)).toBeUndefined();
    expect(resume.holderOf('/new')).toBe(one);
    resume.release(other);
    expect(resume.holderOf('/a')).toBe(one);
    resume.release(one, ['/new', '/b']);
    expect(resume.holderOf('/new')).toBeUndefined();
    expect(resume.holderOf('/a')).toBe(one);
    resume.release(one);
    expect(await resume.claim('/a', other)).toBeDefined();
  });

  it('knows which files are partial files of records, before and after a restart', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    const { header } = updateOf('/d/a', []);
    await first.resume.save([
      { key: '1:/d/a', header, segments: [] },
      { key: '2:/d/a', header, segments: [] },
    ]);
    await first.resume.remove(['1:/d/a']);
    expect(first.resume.hasPartial('/d/.a.jspart-1')).toBe(true);
    await first.resume.save([{ key: '2:/d/a', header: headerOf('.a.jspart-2'), segments: [] }]);
    expect(first.resume.hasPartial('/d/.a.jspart-1')).toBe(false);
    await first.close();
    const { resume } = await start(directory);
    expect(resume.hasPartial('/d/.a.jspart-2')).toBe(true);
    expect(resume.hasPartial('/d/a')).toBe(false);
  });

  it('saves nothing that it would not believe', async () => {
    const { resume } = await start();
    await resume.save([
      updateOf('/a', [], { size: -1 }),
      updateOf('/b', [{ number: 0, digests: new Uint8Array(100) }]),
      updateOf(`/${'c'.repeat(20_000)}`, []),
    ]);
    expect(resume.isEmpty).toBe(true);
  });

  it('forgets what nobody went on with for 180 days, and believes a clock that was set back', async () => {
    const directory = freshDirectory();
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1), toFake: ['Date'] });
    const first = await openState(directory);
    await first.resume.save([updateOf('/old', [segmentOf(0, [0])])]);
    vi.setSystemTime(Date.now() + 170 * DAY_MS);
    await first.resume.save([updateOf('/young', [segmentOf(0, [0])])]);
    await first.close();
    vi.setSystemTime(Date.now() + 11 * DAY_MS);
    const second = await openState(directory);
    expect(await second.resume.claim('/old', {})).toBeUndefined();
    expect(second.resume.hasPartial('/.old.jspart-1')).toBe(false);
    await second.close();
    vi.setSystemTime(Date.UTC(2029, 0, 1));
    const { resume } = await start(directory);
    expect(await resume.claim('/young', {})).toBeDefined();
  });

  it('tells what was last saved before a time, and is held by nobody', async () => {
    const directory = freshDirectory();
    vi.useFakeTimers({ now: 1_000, toFake: ['Date'] });
    const first = await openState(directory);
    await first.resume.save([updateOf('/a', []), updateOf('/b', []), updateOf('/c', [])]);
    vi.setSystemTime(2_000);
    await first.resume.save([updateOf('/a', [])]);
    await first.close();
    const { resume } = await start(directory);
    await resume.claim('/b', {});
    expect(resume.savedBefore(2_000)).toEqual([{ key: '/c', partial: '/.c.jspart-1' }]);
    expect(resume.savedBefore(1_000)).toEqual([]);
  });

  it('takes saves again after one that failed', async () => {
    const directory = freshDirectory();
    const database: Database = new ClassicLevel(directory, { valueEncoding: 'view' });
    const resume = new LevelResumeStore(new WriteQueue(database, () => undefined), () => undefined);
    await resume.save([updateOf('/a', [segmentOf(0, [0])])]);
    await database.close();
    await expect(resume.save([updateOf('/a', [segmentOf(1, [0])])])).rejects.toThrow();
    // What reads opens it again.
    expect(await resume.claim('/a', {})).toBeDefined();
    const saves = [updateOf('/a', [segmentOf(2, [0])]), updateOf('/b', [])];
    await Promise.all(saves.map((update) => resume.save([update])));
    expect((await resume.claim('/b', {}))?.segments).toEqual([]);
    resume.release(resume.holderOf('/a')!);
    expect((await resume.claim('/a', {}))?.segments.map(({ number }) => number)).toEqual([0, 2]);
    await database.close();
  });

  it('gives the room of large records back', async () => {
    const { resume } = await start();
    const full = Array.from({ length: 1_024 }, (_, chunk) => chunk);
    for (let record = 0; record < 2; record++) {
      const segments = Array.from({ length: 300 }, (_, number) => {
        const segment = segmentOf(number, full);
        crypto.getRandomValues(segment.digests.subarray(128));
        return segment;
      });
      await resume.save([updateOf(`/big-${record}`, segments)]);
    }
    await resume.remove([0, 1].map((record) => `/big-${record}`));
    expect(resume.isEmpty).toBe(true);
    expect(await resume.claim('/big-0', {})).toBeUndefined();
  });

  it('has thousands of half transfers at hand when it is opened', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    const updates = Array.from({ length: 3_000 }, (_, file) =>
      updateOf(`/d/${file}`, [segmentOf(0, [0, 1])]),
    );
    await first.resume.save(updates);
    await first.close();
    const { resume } = await start(directory);
    expect(resume.hasPartial('/d/.2999.jspart-1')).toBe(true);
    expect((await resume.claim('/d/1500', {}))?.segments).toHaveLength(1);
  });
});
