import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { openState, volatileState } from '../open-state.ts';
import { sealValue } from '../sealed-value.ts';
import { freshDirectory } from '../testing/temporary-directory.ts';

interface Thing {
  name: string;
  count: number;
}

const thing = (count: number): Thing => ({ name: `thing ${count}`, count });

describe('a collection', () => {
  it('has what was put, also for the next process', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    const things = await first.collection<Thing>('things');
    expect(await first.collection('things')).toBe(things);
    await Promise.all([things.put('a', thing(1)), things.put('b', thing(2)), things.put('c', thing(3))]);
    await things.delete('b');
    await first.close();
    const second = await openState(directory);
    const again = await second.collection<Thing>('things');
    expect([...again.entries()]).toEqual([
      ['a', thing(1)],
      ['c', thing(3)],
    ]);
    expect((await second.collection('others')).size).toBe(0);
    await second.close();
  });

  it('writes what is put in one turn as one batch, and what comes meanwhile as the next', async () => {
    const state = await openState(freshDirectory());
    const things = await state.collection<Thing>('things');
    const batch = vi.spyOn(ClassicLevel.prototype, 'batch');
    const first = Array.from({ length: 1_000 }, (_, at) => things.put(`a${at}`, thing(at)));
    await Promise.resolve();
    await Promise.resolve();
    const second = Array.from({ length: 1_000 }, (_, at) => things.put(`b${at}`, thing(at)));
    await Promise.all([...first, ...second]);
    expect(batch).toHaveBeenCalledTimes(2);
    batch.mockRestore();
    await state.close();
  });

  it('is as before after a write that failed, with all that waited behind it, and takes the next', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const things = await state.collection<Thing>('things');
    const others = await state.collection<Thing>('others');
    await things.put('a', thing(1));
    await things.put('b', thing(2));
    const batch = vi
      .spyOn(ClassicLevel.prototype, 'batch')
      .mockRejectedValueOnce(new Error('IO error: 000005.log: No space left on device'));
    const writes = [
      things.put('a', thing(3)),
      state.write([things.change('b', undefined), others.change('o', thing(1))]),
    ];
    await Promise.resolve();
    await Promise.resolve();
    writes.push(things.put('a', thing(4)), things.put('n', thing(5)));
    expect(things.get('a')).toEqual(thing(4));
    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'disk-full' } });
    }
    batch.mockRestore();
    const expected = [
      ['a', thing(1)],
      ['b', thing(2)],
    ];
    expect([...things.entries()].sort()).toEqual(expected);
    expect(others.size).toBe(0);
    await others.put('o', thing(2));
    await state.close();
    const again = await openState(directory);
    expect([...(await again.collection('things')).entries()]).toEqual(expected);
    expect([...(await again.collection('others')).entries()]).toEqual([['o', thing(2)]]);
    await again.close();
  });

  it('loses one object to damage, says its name, and leaves a newer one alone', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const things = await state.collection<Thing>('things');
    for (const id of ['a', 'b', 'c', 'd']) await things.put(id, thing(1));
    await state.close();
    const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
    const table = database.sublevel<string, Uint8Array>('objects-things', { valueEncoding: 'view' });
    await table.put('b', (await table.get('a'))!);
    await table.put('c', sealValue(2, 'things/c', thing(2)));
    await table.put('d', sealValue(1, 'things/d', 'no thing'));
    await database.close();
    for (const expected of [
      [
        'b in things is damaged and lost',
        'c in things is of a newer version: it is not used',
        'd in things is not understood: it is not used',
      ],
      ['c in things is of a newer version: it is not used', 'd in things is not understood: it is not used'],
    ]) {
      const notes: string[] = [];
      const again = await openState(directory, { onNote: (note) => notes.push(note) });
      expect([...(await again.collection('things')).entries()]).toEqual([['a', thing(1)]]);
      await again.close();
      expect(notes).toEqual(expected);
    }
  });

  it('writes progress later, all of it at once, and nothing of what is deleted', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const directory = freshDirectory();
    const state = await openState(directory);
    const things = await state.collection<Thing>('things');
    await Promise.all(['a', 'b', 'c'].map((id) => things.put(id, thing(0))));
    const batch = vi.spyOn(ClassicLevel.prototype, 'batch');
    for (let count = 1; count <= 9; count++)
      for (const id of ['a', 'b', 'c', 'none']) things.putLater(id, thing(count));
    expect(things.get('a')).toEqual(thing(9));
    expect(things.has('none')).toBe(false);
    await things.delete('c');
    await things.put('b', thing(20));
    expect(batch).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5_000);
    vi.advanceTimersByTime(50_000);
    await state.write([things.change('d', thing(1))]);
    expect(batch).toHaveBeenCalledTimes(3);
    things.putLater('d', thing(2));
    vi.useRealTimers();
    await state.close();
    batch.mockRestore();
    const again = await openState(directory);
    expect([...(await again.collection('things')).entries()]).toEqual([
      ['a', thing(9)],
      ['b', thing(20)],
      ['d', thing(2)],
    ]);
    await again.close();
  });

  it('tries progress again that the disk did not take, and says so once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const notes: string[] = [];
    const directory = freshDirectory();
    const state = await openState(directory, { onNote: (note) => notes.push(note) });
    const things = await state.collection<Thing>('things');
    await things.put('a', thing(0));
    const batch = vi
      .spyOn(ClassicLevel.prototype, 'batch')
      .mockRejectedValue(new Error('No space left on device'));
    things.putLater('a', thing(1));
    for (const id of ['b', 'c']) {
      vi.advanceTimersByTime(5_000);
      await expect(things.put(id, thing(1))).rejects.toMatchObject({ code: 'disk-full' });
    }
    batch.mockRestore();
    vi.useRealTimers();
    await state.close();
    expect(notes).toEqual([expect.stringContaining('progress of things')]);
    const again = await openState(directory);
    expect([...(await again.collection('things')).entries()]).toEqual([['a', thing(1)]]);
    await again.close();
  });

  it('takes no object, id or number of them above its bounds, and changes nothing then', async () => {
    const state = await openState(freshDirectory(), { notKept: ['things'] });
    const things = await state.collection<Thing>('things');
    const large = { name: 'x'.repeat(2 ** 20), count: 1 };
    await expect(things.put('a', large)).rejects.toMatchObject({ code: 'limit-exceeded', subject: 'a' });
    await expect(things.put('', thing(1))).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(things.put('x'.repeat(513), thing(1))).rejects.toMatchObject({ code: 'invalid-argument' });
    const changes = [things.change('a', thing(1)), things.change('b', large)];
    await expect(state.write(changes)).rejects.toMatchObject({ code: 'limit-exceeded' });
    expect(things.size).toBe(0);
    const many = Array.from({ length: 100_000 }, (_, at) => things.change(String(at), thing(at)));
    await state.write(many);
    await expect(things.put('a', thing(1))).rejects.toMatchObject({ code: 'limit-exceeded' });
    await things.put('7', thing(1));
    await things.delete('8');
    await things.put('a', thing(1));
    await state.close();
  });

  it('agrees with a map, whatever fails', async () => {
    const directory = freshDirectory();
    const model = new Map<string, Thing>();
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      count: fc.nat({ max: 1_000 }),
      kind: fc.constantFrom('put', 'put', 'delete', 'both'),
      fails: fc.constantFrom(false, false, true),
      waits: fc.boolean(),
    });
    let state = await openState(directory);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const things = await state.collection<Thing>('things');
        const batch = vi.spyOn(ClassicLevel.prototype, 'batch');
        const pending: Promise<void>[] = [];
        for (const { id, count, kind, fails, waits } of steps) {
          if (fails) batch.mockRejectedValueOnce(new Error('No space left on device'));
          const value = kind === 'delete' ? undefined : thing(count);
          const changes = [things.change(id, value)];
          if (kind === 'both') changes.push(things.change('d', value));
          const expected = new Map<string, Thing | undefined>([[id, value]]);
          if (kind === 'both') expected.set('d', value);
          const written = state.write(changes).then(
            () => {
              for (const [at, value] of expected)
                value === undefined ? model.delete(at) : model.set(at, value);
            },
            () => undefined,
          );
          pending.push(written);
          if (waits) {
            await Promise.all(pending);
            expect(new Map(things.entries())).toEqual(model);
          }
        }
        await Promise.all(pending);
        expect(new Map(things.entries())).toEqual(model);
        batch.mockRestore();
        await state.close();
        state = await openState(directory);
        expect(new Map((await state.collection<Thing>('things')).entries())).toEqual(model);
      }),
      { numRuns: 25 },
    );
    await state.close();
  });

  it('takes nothing when it is closed', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const things = await state.collection<Thing>('things');
    await state.close();
    await expect(things.put('a', thing(1))).rejects.toMatchObject({ code: 'io-error' });
    await expect(state.manifestFiles.count('m')).rejects.toMatchObject({ code: 'io-error' });
    await (await openState(directory)).close();
  });

  it('in memory only keeps nothing, and removes what was kept before', async () => {
    const directory = freshDirectory();
    for (const [kept, before, after] of [
      [true, 0, 1],
      [false, 0, 1],
      [true, 0, 1],
      [true, 1, 1],
    ] as const) {
      const state = await openState(directory, { notKept: kept ? [] : ['things'] });
      const things = await state.collection<Thing>('things');
      expect(things.size).toBe(before);
      await things.put('a', thing(1));
      things.putLater('a', thing(2));
      expect(things.size).toBe(after);
      await state.close();
    }
  });
});

describe('a state in memory', () => {
  it('does all that one on disk does, for as long as it is open', async () => {
    const state = await volatileState();
    expect(state.isKept).toBe(false);
    expect(state.serverUid).toMatch(/^[0-9a-f]{32}$/);
    const things = await state.collection<Thing>('things');
    await state.write([things.change('a', thing(1))]);
    expect(things.get('a')).toEqual(thing(1));
    const file = {
      srcPath: '/a',
      destPath: '/b',
      fileSize: 1,
      isEmptyDir: false,
      executable: false,
      modificationTime: 5,
    };
    await state.manifestFiles.append('m', [file]);
    expect(await state.manifestFiles.read('m', 0, 10)).toEqual([file]);
    state.eventLog.append({ _event: 'serverStarted', _timestamp: 1 });
    expect(await state.eventLog.read({ limit: 10 })).toEqual([{ _event: 'serverStarted', _timestamp: 1 }]);
    await state.close();
  });
});
