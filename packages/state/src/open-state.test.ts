import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from 'vitest';
import { openState } from './open-state.ts';
import { prepareSchema } from './schema.ts';
import { sealValue } from './sealed-value.ts';
import { updateOf } from './testing/records.ts';
import { freshDirectory } from './testing/temporary-directory.ts';

// Another process runs what was built.
const BUILT = new URL('../dist/open-state.js', import.meta.url).href;

function beside(directory: string): string[] {
  return readdirSync(dirname(directory)).filter((name) => name !== basename(directory));
}

describe('an open state directory', () => {
  it('keeps its owner for life, and another has another', async () => {
    const directory = freshDirectory();
    const first = await openState(directory);
    await first.close();
    const again = await openState(directory);
    const other = await openState(freshDirectory());
    expect(first.ownerId).toMatch(/^[0-9a-f]{8}$/);
    expect(again.ownerId).toBe(first.ownerId);
    expect(other.ownerId).not.toBe(first.ownerId);
    await Promise.all([again.close(), other.close()]);
  });

  it('takes nothing more once it was removed or replaced, and begins none in its place', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const things = await state.collection<{ is: string }>('things');
    await things.put('a', { is: 'kept' });
    rmSync(directory, { recursive: true });
    const refused = { code: 'io-error', subject: directory };
    await expect(things.put('b', { is: 'lost' })).rejects.toMatchObject(refused);
    await expect(things.put('b', { is: 'lost' })).rejects.toMatchObject(refused);
    expect(things.get('b')).toBeUndefined();
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory);
    await expect(things.delete('a')).rejects.toMatchObject(refused);
    expect(things.get('a')).toEqual({ is: 'kept' });
    await state.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is for its user alone', async () => {
    const directory = freshDirectory();
    await (await openState(directory)).close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('refuses a second process by name, and lets it in when the first is gone', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const attempt = () =>
      execFileSync(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `const { openState } = await import(${JSON.stringify(BUILT)});
           await openState(${JSON.stringify(directory)}).then((s) => s.close().then(() => console.log('open')), (e) => console.log(e.code, e.message));`,
        ],
        { encoding: 'utf8' },
      );
    expect(attempt()).toMatch(
      new RegExp(`^state-locked another process has .*${directory} open: stop that one`),
    );
    await state.close();
    expect(attempt()).toBe('open\n');
  });

  it('refuses to be opened twice in one process, and keeps its lock', async () => {
    const directory = freshDirectory();
    const state = await openState(directory);
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    for (const path of [directory, link]) {
      await expect(openState(path)).rejects.toMatchObject({ code: 'state-locked' });
    }
    const other = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { openState } = await import(${JSON.stringify(BUILT)});
       await openState(${JSON.stringify(directory)}).catch(() => process.exit(9));`,
    ]);
    expect(await once(other, 'exit')).toEqual([9, null]);
    await state.close();
    await (await openState(link)).close();
  });

  it('is removed on request when nothing is recorded in it', async () => {
    const directory = freshDirectory();
    await (await openState(directory)).closeOrRemove();
    expect(existsSync(directory)).toBe(false);
    expect(beside(directory)).toEqual([]);
    const state = await openState(directory);
    await state.resume.save([updateOf('/a', [])]);
    await state.closeOrRemove();
    const again = await openState(directory);
    expect(again.resume.hasPartial('/.a.jspart-1')).toBe(true);
    await again.close();
  });

  it('says why a directory cannot be used', async () => {
    const directory = freshDirectory();
    writeFileSync(directory, 'a file');
    await expect(openState(directory)).rejects.toMatchObject({ code: 'io-error' });
    if (process.getuid?.() === 0) return;
    const closed = freshDirectory();
    await (await openState(closed)).close();
    execFileSync('chmod', ['0500', closed]);
    await expect(openState(closed)).rejects.toMatchObject({ code: 'permission-denied' });
    execFileSync('chmod', ['0700', closed]);
  });

  it('has all of a save or nothing when the process is killed in the middle', async () => {
    const directory = freshDirectory();
    let lastSaved = -1;
    for (let round = 0; round < 4; round++) {
      const child = spawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `const { openState } = await import(${JSON.stringify(BUILT)});
           const { resume } = await openState(${JSON.stringify(directory)});
           const header = ${JSON.stringify(updateOf('/a', []).header)};
           for (let save = ${lastSaved + 1}; ; save++) {
             const digests = new Uint8Array(128 + 32).fill(save & 255, 128);
             digests[0] = 1;
             const segments = [0, 1, 2].map((number) => ({ number, digests }));
             await resume.save([{ key: '/a', header, segments }, { key: '/b', header, segments }]);
             console.log(save);
           }`,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const target = lastSaved + 3 + round * 7;
      for await (const line of createInterface(child.stdout)) {
        lastSaved = Number(line);
        if (lastSaved === target) child.kill('SIGKILL');
      }
      const state = await openState(directory);
      const found = await Promise.all(['/a', '/b'].map((key) => state.resume.claim(key, {})));
      const saves = found.flatMap((record) => record!.segments.map(({ digests }) => digests[128]!));
      expect(saves).toHaveLength(6);
      expect(new Set(saves).size).toBe(1);
      expect(saves[0]).toBeGreaterThanOrEqual(lastSaved & 255);
      lastSaved = saves[0]!;
      await state.close();
    }
  });
});

describe('the schema of the state', () => {
  it('is brought up to date, one step after the other, once', async () => {
    const directory = freshDirectory();
    const { ownerId, serverUid } = await openState(directory).then(async (state) => {
      await state.close();
      return state;
    });
    const steps: number[] = [];
    const migrations = [1, 2, 3].map((from) => async () => void steps.push(from));
    for (const expected of [[2, 3], []]) {
      const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
      const identity = await prepareSchema(database, directory, () => undefined, migrations);
      expect(identity).toEqual({ schema: 4, ownerId, serverUid });
      expect(steps.splice(0)).toEqual(expected);
      await database.close();
    }
    // This version knows schema 2.
    await expect(openState(directory)).rejects.toMatchObject({ code: 'state-newer' });
  });

  it('gets a new identity when its own is damaged, and says so', async () => {
    const directory = freshDirectory();
    await (await openState(directory)).close();
    for (const value of [new Uint8Array(40), sealValue(1, 'identity', { schema: 0, ownerId: 'x' })]) {
      const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
      await database.sublevel<string, Uint8Array>('meta', { valueEncoding: 'view' }).put('identity', value);
      await database.close();
      const notes: string[] = [];
      const state = await openState(directory, { onNote: (note) => notes.push(note) });
      await state.close();
      expect(state.ownerId).toMatch(/^[0-9a-f]{8}$/);
      expect(notes).toEqual([expect.stringContaining('identity')]);
    }
    rmSync(directory, { recursive: true });
  });
});
