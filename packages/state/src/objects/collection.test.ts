import { ClassicLevel } from 'classic-level';
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

  it('in memory only keeps nothing, and removes what was kept before', async () => {
    const directory = freshDirectory();
    for (const [kept, before, after] of [
      [true, 0, 1],
      [false, 0, 1],
      [true, 0, 1],
      [true, 1, 1],
    ] as const) {
      const state = await openState(directory);
      const things = await state.collection<Thing>('things', { kept });
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
