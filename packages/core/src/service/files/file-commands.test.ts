import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canActAsOthers, lookUpAccount } from '@jetstream/platform';
import { type State, volatileState } from '@jetstream/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageWorkers } from '../../storage/storage-workers.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { Sandboxes } from '../sandboxes/sandboxes.ts';
import { type FileCommands, fileCommands } from './file-commands.ts';
import { FileWork } from './file-work.ts';

let base: string;
let root: string;
let state: State;
let commands: FileCommands;
const workers = new StorageWorkers();

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-files-'));
  chmodSync(base, 0o755);
  root = join(base, 'root');
  mkdirSync(root);
  state = await volatileState();
  commands = fileCommands(
    new FileWork(workers),
    await Sandboxes.open({ sandboxDirectory: root }, state, base),
  );
});

afterEach(async () => {
  await state.close();
  rmSync(base, { recursive: true, force: true });
});

const context = { signal: new AbortController().signal };
const permissions = { upload: true, download: true, delete: true, share: false };

describe('file commands', () => {
  it('work on what the sandbox shows', async () => {
    await commands.mkdirAsync({ path: '/a/b' }, apiCaller(), context);
    await commands.mkFileAsync({ path: '/a/b/f', content: 'text' }, apiCaller(), context);
    await commands.mvAsync({ source: '/a/b/f', target: '/a/g' }, apiCaller(), context);
    const listing = await commands.lsAsync({ path: '/a', limit: 10 }, apiCaller(), context);
    expect(listing).toMatchObject({
      path: '/a',
      entries: [
        { name: 'b', path: '/a/b', fileType: 2 },
        { name: 'g', path: '/a/g', fileType: 4, size: 4 },
      ],
      truncated: false,
    });
    expect(await commands.lsAsync({ path: '/a/g', limit: 10 }, apiCaller(), context)).toMatchObject({
      entries: [{ name: 'g', path: '/a/g' }],
    });
    expect(await commands.duAsync({ path: '/' }, apiCaller(), context)).toMatchObject({
      totalSize: 4,
      totalFiles: 1,
    });
    const listed = await commands.lsListAsync(
      { paths: ['/a', '/none', '..'], limit: 1 },
      apiCaller(),
      context,
    );
    expect(listed).toMatchObject([
      { truncated: true, errorCode: null },
      { errorCode: 'not-found' },
      { errorCode: 'path-refused' },
    ]);
    expect(await commands.lsRootsAsync({}, apiCaller(), context)).toEqual([{ name: '/', path: '/' }]);
    await expect(
      commands.rmAsync({ path: '/', recursive: true }, apiCaller(), context),
    ).rejects.toMatchObject({
      code: 'path-refused',
    });
    expect(await commands.rmAsync({ path: '/a', recursive: true }, apiCaller(), context)).toBeNull();
  });

  it('hold a token to its path and its permissions', async () => {
    mkdirSync(join(root, 'shared'));
    writeFileSync(join(root, 'shared', 'x'), '');
    writeFileSync(join(root, 'secret'), '');
    const token = apiCaller({ token: 't', path: '/shared', permissions: { ...permissions, delete: false } });
    expect(await commands.lsAsync({ path: '/', limit: 10 }, token, context)).toMatchObject({
      entries: [{ name: 'x', path: '/x' }],
    });
    await expect(commands.rmAsync({ path: '/x', recursive: false }, token, context)).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await expect(commands.lsAsync({ path: '/../secret', limit: 1 }, token, context)).rejects.toMatchObject({
      code: 'path-refused',
    });
    await expect(commands.lsAsync({ path: '/secret', limit: 1 }, token, context)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('stop when nobody waits for them any more', async () => {
    for (let index = 0; index < 200; index++) mkdirSync(join(root, `d${index}`));
    const stop = new AbortController();
    const running = commands.duAsync({ path: '/' }, apiCaller(), { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('run a few at a time, and all of them in the end', async () => {
    const listings = Array.from({ length: 10 }, () =>
      commands.lsAsync({ path: '/', limit: 1 }, apiCaller(), context),
    );
    expect(await Promise.all(listings)).toHaveLength(10);
  });

  const nobody = lookUpAccount('nobody');
  const possible = canActAsOthers() && nobody !== undefined;
  it.skipIf(!possible)(
    `act as another account${possible ? '' : ' (needs root, FFI and the account nobody)'}`,
    async () => {
      chmodSync(root, 0o777);
      const other = apiCaller({ account: 'nobody' });
      await commands.mkFileAsync({ path: '/f', content: '' }, other, context);
      expect(statSync(join(root, 'f')).uid).toBe(nobody!.uid);
      mkdirSync(join(root, 'closed'), { mode: 0o700 });
      await expect(commands.lsAsync({ path: '/closed', limit: 1 }, other, context)).rejects.toMatchObject({
        code: 'permission-denied',
      });
    },
  );
});
