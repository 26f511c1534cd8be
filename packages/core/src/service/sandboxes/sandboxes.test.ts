import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiCaller } from '@jetstream/api';
import { type Account, currentUser } from '@jetstream/platform';
import { openState, type State, volatileState } from '@jetstream/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandboxes } from './sandboxes.ts';

let directory: string;
let state: State;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-sandboxes-'));
  state = await openState(join(directory, 'level'));
});

afterEach(async () => {
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

/** An account that nothing has to be prepared for. */
const account = (name: string): Account => ({ ...currentUser(), name, fullName: name });
const roots = (sandboxes: Sandboxes, name: string, path?: string) =>
  sandboxes.ruleFor(account(name), path).mounts.map(({ root }) => root);
const open = (sandboxDirectory?: string) => Sandboxes.open({ sandboxDirectory }, state, directory);
const context = { signal: new AbortController().signal };
const nobody = {} as ApiCaller;

function set(sandboxes: Sandboxes, user: string, mapping: Record<string, string>) {
  const shown = Object.fromEntries(
    Object.entries(mapping).map(([name, path]) => [name, { type: 'File' as const, path }]),
  );
  return sandboxes.commands.setSandboxMapping({ user, mapping: shown }, nobody, context);
}

function remove(sandboxes: Sandboxes, user: string) {
  return sandboxes.commands.deleteSandboxMapping({ user }, nobody, context);
}

describe('what an account sees', () => {
  it('is its own mapping, else that of everyone, else all; also after a restart', async () => {
    let sandboxes = await open();
    expect(roots(sandboxes, 'ann')).toEqual([undefined]);
    await set(sandboxes, '', { '': '/data/%u' });
    await set(sandboxes, 'bob', { a: '/a', b: '/b' });
    await state.close();
    state = await openState(join(directory, 'level'));
    sandboxes = await open();
    expect(roots(sandboxes, 'ann')).toEqual(['/data/ann']);
    expect(roots(sandboxes, 'bob')).toEqual(['/a', '/b']);
    expect(await sandboxes.commands.getSandboxMappings({}, nobody, context)).toEqual({
      '': { '': { type: 'File', path: '/data/%u' } },
      bob: { a: { type: 'File', path: '/a' }, b: { type: 'File', path: '/b' } },
    });
    await remove(sandboxes, 'bob');
    expect(roots(sandboxes, 'bob')).toEqual(['/data/bob']);
    await remove(sandboxes, '');
    expect(roots(sandboxes, 'bob')).toEqual([undefined]);
    await expect(remove(sandboxes, 'bob')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is a part of it when a path is given', async () => {
    const sandboxes = await open('/data');
    expect(roots(sandboxes, 'ann', '/x')).toEqual(['/data/x']);
    expect(() => roots(sandboxes, 'ann', '../x')).toThrow(/refused/);
  });

  it('is, for everyone, what the command line says', async () => {
    await set(await open(), '', { '': '/stored' });
    const sandboxes = await open('/frozen');
    expect(roots(sandboxes, 'ann')).toEqual(['/frozen']);
    await expect(set(sandboxes, '', { '': '/x' })).rejects.toMatchObject({ code: 'conflict' });
    await expect(remove(sandboxes, '')).rejects.toMatchObject({ code: 'conflict' });
    await set(sandboxes, 'bob', { '': '/own' });
    expect(roots(sandboxes, 'bob')).toEqual(['/own']);
  });

  it('is nothing once its mapping is lost with the database, until a superuser says', async () => {
    await set(await open(), 'bob', { '': '/own' });
    const lost = await Sandboxes.open({}, await volatileState(), directory);
    expect(roots(lost, 'ann')).toEqual([undefined]);
    expect(() => roots(lost, 'bob')).toThrow(/is lost/);
    await remove(lost, 'bob');
    expect(roots(lost, 'bob')).toEqual([undefined]);
    writeFileSync(join(directory, 'sandboxed-users.json'), '{"no":"list"');
    const unknown = await Sandboxes.open({}, await volatileState(), directory);
    expect(() => roots(unknown, 'ann')).toThrow(/is lost/);
  });

  it('takes nothing that is no mapping', async () => {
    const sandboxes = await open();
    for (const mapping of [{ '': 'relative' }, { '': '/a/../b' }, { '..': '/a' }, {}]) {
      await expect(set(sandboxes, 'bob', mapping as Record<string, string>)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});
