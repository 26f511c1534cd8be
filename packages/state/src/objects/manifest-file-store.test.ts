import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { openState, volatileState } from '../open-state.ts';
import { freshDirectory } from '../testing/temporary-directory.ts';
import type { ManifestFile } from './manifest-file-store.ts';

const file = (number: number): ManifestFile => ({
  srcPath: `/s/${number}`,
  destPath: `/t/${number}`,
  fileSize: number,
  isEmptyDir: false,
  executable: false,
  modificationTime: 1_700_000_000_000_000,
});
const files = (from: number, count: number) => Array.from({ length: count }, (_, at) => file(from + at));

describe('the files of a manifest', () => {
  it('come back in order, whatever parts they are stored and read in', async () => {
    const directory = freshDirectory();
    let state = await openState(directory);
    let manifest = 0;
    const part = fc.constantFrom(0, 1, 500, 999, 1_000, 1_001, 2_500);
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 4 }),
        fc.nat({ max: 4_000 }),
        part,
        fc.boolean(),
        async (parts, from, count, reopens) => {
          const id = `m${++manifest}`;
          let total = 0;
          for (const part of parts) {
            await state.manifestFiles.append(id, files(total, part));
            total += part;
          }
          if (reopens) {
            await state.close();
            state = await openState(directory);
          }
          expect(await state.manifestFiles.count(id)).toBe(total);
          expect(await state.manifestFiles.read(id, from, count)).toEqual(
            files(0, total).slice(from, from + count),
          );
          await state.manifestFiles.append(id, files(total, 3));
          expect(await state.manifestFiles.read(id, total, 10)).toEqual(files(total, 3));
        },
      ),
      { numRuns: 20 },
    );
    await state.close();
  });

  it('go with their manifest, and nobody else’s', async () => {
    const { manifestFiles, close } = await volatileState();
    for (const id of ['a', 'aa', 'b']) await manifestFiles.append(id, files(0, 2_100));
    expect(await manifestFiles.manifestIds()).toEqual(['a', 'aa', 'b']);
    await manifestFiles.remove('a');
    expect(await manifestFiles.manifestIds()).toEqual(['aa', 'b']);
    expect(await manifestFiles.read('a', 0, 10)).toEqual([]);
    expect(await manifestFiles.count('aa')).toBe(2_100);
    void close;
  });

  it('are as before after an append that failed', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    await state.manifestFiles.append('m', files(0, 1_500));
    const batch = vi
      .spyOn(ClassicLevel.prototype, 'batch')
      .mockRejectedValueOnce(new Error('No space left on device'));
    await expect(state.manifestFiles.append('m', files(9_000, 2_000))).rejects.toMatchObject({
      code: 'disk-full',
    });
    batch.mockRestore();
    expect(await state.manifestFiles.count('m')).toBe(1_500);
    await state.manifestFiles.append('m', files(1_500, 2_000));
    expect(await state.manifestFiles.read('m', 0, 5_000)).toEqual(files(0, 3_500));
    await state.close();
  });

  it('that are damaged or missing are an error, never fewer or other files', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    for (const id of ['a', 'b', 'c']) await state.manifestFiles.append(id, files(0, 2_500));
    await state.close();
    const database = new ClassicLevel<string, Uint8Array>(directory, {
      valueEncoding: 'view',
      compression: false,
    });
    const table = database.sublevel<string, Uint8Array>('manifest-files', { valueEncoding: 'view' });
    await table.put('a/00000001', (await table.get('a/00000000'))!);
    await table.del('b/00000001');
    await table.put('c/00000002', new Uint8Array(40));
    await database.close();
    const { manifestFiles, close } = await openState(directory).then((state) => ({
      manifestFiles: state.manifestFiles,
      close: () => state.close(),
    }));
    const error = { code: 'io-error', message: expect.stringContaining('damaged') };
    for (const id of ['a', 'b', 'c'])
      await expect(manifestFiles.read(id, 900, 2_000)).rejects.toMatchObject({ ...error, subject: id });
    expect(await manifestFiles.read('a', 0, 1_000)).toEqual(files(0, 1_000));
    await expect(manifestFiles.append('c', files(0, 1))).rejects.toMatchObject(error);
    await close();
  });
});
