import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiEvent, COMMANDS, type Parameters } from '@jetstream/api';
import { expandSandboxMapping } from '@jetstream/manifest';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StorageHost } from '../../storage/storage-host.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { localStorage } from '../../testing/local-storage.ts';
import { SERVICE_CLOCK } from '../clock.ts';
import { ServiceEvents } from '../events.ts';
import { ManifestList } from './manifest-list.ts';
import { Manifests } from './manifests.ts';

const logger = pino({ level: 'silent' });
const me = apiCaller();
const { signal } = new AbortController();

let base: string;
let state: State;
let events: ApiEvent[];
let manifests: Manifests;
/** Of storage workers, each call of `scan` waits for it. */
let mayScan: Promise<void>;
let workers: StorageHost[];

async function open(): Promise<Manifests> {
  const serviceEvents = new ServiceEvents(SERVICE_CLOCK, logger);
  serviceEvents.subscribe((event) => events.push(event));
  workers = await Promise.all(Array.from({ length: 8 }, gatedStorage));
  const sandbox = expandSandboxMapping({ '': join(base, 'root') }, { name: 'ann', fullName: 'Ann' });
  const opened = await Manifests.open({
    state,
    storage: { take: () => workers.pop()! },
    accessOf: () => ({ actAs: undefined, sandbox }),
    events: serviceEvents,
    clock: SERVICE_CLOCK,
    logger,
  });
  await opened.start();
  return opened;
}

async function gatedStorage(): Promise<StorageHost> {
  const host = await localStorage();
  const call = host.call.bind(host) as (operation: string, ...parameters: unknown[]) => Promise<unknown>;
  return Object.assign(host, {
    call: async (operation: string, ...parameters: unknown[]) => {
      if (operation === 'scan') await mayScan;
      return call(operation, ...parameters);
    },
  });
}

/** Blocks scans until it is called. */
function holdScans(): () => void {
  let release!: () => void;
  mayScan = new Promise((resolve) => {
    release = resolve;
  });
  return release;
}

function parameters(fileMappings: unknown[], more: object = {}): Parameters<'send.createManifest'> {
  return COMMANDS['send.createManifest'].parameters.parse({ fileMappings, ...more });
}

async function scanned(fileMappings: unknown[], more: object = {}) {
  const { manifestId } = await manifests.create(parameters(fileMappings, more), me);
  return manifests.wait(manifestId, 60_000, me, signal);
}

const filesOf = async (manifestId: string) =>
  (await manifests.files(manifestId, 0, 10_000)).map(({ srcPath, destPath }) => [srcPath, destPath]);

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-manifests-'));
  mkdirSync(join(base, 'root', 'd', 'e'), { recursive: true });
  writeFileSync(join(base, 'root', 'd', 'a'), 'aaa');
  writeFileSync(join(base, 'root', 'b'), 'bb');
  writeFileSync(join(base, 'secret'), 'secret');
  mayScan = Promise.resolve();
  events = [];
  state = await volatileState();
  manifests = await open();
});

afterEach(async () => {
  await manifests.close();
  await state.close();
  rmSync(base, { recursive: true });
});

describe('a manifest', () => {
  it('is pending, then complete with its files, totals and events', async () => {
    const release = holdScans();
    const { manifestId } = await manifests.create(parameters(['/d:/x', '/b:/y/']), me);
    expect(manifests.get(manifestId)).toMatchObject({ status: 'pending', totalFiles: null });
    expect(await manifests.wait(manifestId, 0, me, signal)).toMatchObject({ status: 'pending' });
    const waited = manifests.wait(manifestId, 60_000, me, signal);
    release();
    expect(await waited).toMatchObject({
      status: 'complete',
      totalFiles: 2,
      totalDirectories: 2,
      totalSize: 5,
      problems: [],
    });
    const files = await filesOf(manifestId);
    expect([files[0], files[3]]).toEqual([
      ['/d', '/x'],
      ['/b', '/y/b'],
    ]);
    expect(files.slice(1, 3).sort()).toEqual([
      ['/d/a', '/x/a'],
      ['/d/e', '/x/e'],
    ]);
    expect(events.map(({ _event }) => _event)).toEqual(['manifestCreated', 'manifestUpdated']);
    const told = await manifests.commands['send.getManifestFiles']({ manifestId, offset: 3, limit: 1 }, me, {
      signal,
    });
    expect(COMMANDS['send.getManifestFiles'].result.parse(told)).toMatchObject({
      totalFiles: 4,
      fileMappings: [{ srcPath: '/b', destPath: '/y/b', fileSize: 2, isEmptyDir: false }],
    });
  });

  it('is an error by the name of what is not there, or is not what it has to be', async () => {
    expect(await scanned(['/b:/b', '/none:/n'])).toMatchObject({
      status: 'error',
      errorCode: 'not-found',
      errorMessage: expect.stringContaining('/none'),
    });
    expect(await scanned([{ source: '/d', target: 'x', fileType: 4 }])).toMatchObject({
      errorCode: 'is-a-directory',
    });
    expect(await scanned([{ source: '/b', target: 'x', fileType: 2 }])).toMatchObject({
      errorCode: 'not-a-directory',
    });
  });

  it.each(['/../secret:/x', '/d/../../secret:/x', '/b:/../x', '/d/.a.jspart-1:/x'])(
    'is refused at once for %s',
    async (mapping) => {
      await expect(manifests.create(parameters([mapping]), me)).rejects.toMatchObject({
        code: 'path-refused',
      });
      expect([...manifests.values()]).toEqual([]);
    },
  );

  it('reaches nothing outside of its owner’s root by links, and tells what it could not take', async () => {
    symlinkSync(join(base, 'secret'), join(base, 'root', 'out'));
    symlinkSync('../../secret', join(base, 'root', 'd', 'up'));
    expect(await scanned(['/out:/x'])).toMatchObject({ status: 'error' });
    const { manifestId, status, problems } = await scanned(['/d:/x']);
    expect(status).toBe('complete');
    expect(problems.map(({ source }) => source)).toEqual(['/d/up']);
    expect((await filesOf(manifestId)).map(([source]) => source)).not.toContain('/d/up');
    const page = await new ManifestList(manifests.get(manifestId)!, state.manifestFiles).next();
    expect(page).toMatchObject({ isLast: true, problems, sources: { length: 3 } });
    expect(await scanned(['/d:/x'], { symlinkMode: 'ignore' })).toMatchObject({ problems: [] });
  });

  it('that a token made remembers what the token is confined to', async () => {
    const record = await manifests.create(parameters(['/b:/x']), apiCaller({ path: '/d', token: 't' }));
    expect(record).toMatchObject({ sandboxPath: '/d', ownerToken: 't' });
  });

  it('is seen by its owner alone, and stays while it is used', async () => {
    const { manifestId } = await scanned(['/b:/b']);
    const other = apiCaller({ account: 'somebody-else' });
    expect(() => manifests.find(manifestId, other)).toThrow(/no manifest/);
    expect(manifests.list({ limit: 10, offset: 0, order: 'oldest' }, other)).toEqual([]);
    let user: string | undefined = 'transfer 1';
    manifests.addUse(() => user);
    await expect(manifests.delete(manifestId)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('transfer 1'),
    });
    const later = { nowUs: SERVICE_CLOCK.wallUs() + 1_000_000, lifetimeUs: 0 };
    expect(await manifests.collect(later)).toEqual({ manifestsDeleted: 0 });
    user = undefined;
    expect(await manifests.collect(later)).toEqual({ manifestsDeleted: 1 });
    expect(await state.manifestFiles.manifestIds()).toEqual([]);
  });

  it('can be deleted while it is scanned, which leaves nothing', async () => {
    const release = holdScans();
    const { manifestId } = await manifests.create(parameters(['/d:/x']), me);
    const waited = manifests.wait(manifestId, 60_000, me, signal);
    await manifests.delete(manifestId);
    await expect(waited).rejects.toMatchObject({ code: 'not-found' });
    release();
    await manifests.close();
    expect(await state.manifestFiles.manifestIds()).toEqual([]);
    expect([...manifests.values()]).toEqual([]);
  });

  it('whose scan was interrupted is scanned anew at the next start', async () => {
    const release = holdScans();
    const { manifestId } = await manifests.create(parameters(['/d:/x']), me);
    const closed = manifests.close();
    release();
    await closed;
    expect(manifests.get(manifestId)).toMatchObject({ status: 'pending' });
    await state.manifestFiles.append('orphan', [
      { srcPath: '/', destPath: '/', fileSize: 0, isEmptyDir: true, executable: false, modificationTime: 0 },
    ]);
    manifests = await open();
    expect(await manifests.wait(manifestId, 60_000, me, signal)).toMatchObject({ status: 'complete' });
    expect(await filesOf(manifestId)).toHaveLength(3);
    expect(await state.manifestFiles.count('orphan')).toBe(0);
  });

  it('that is an error keeps nothing of what was found until then', async () => {
    const release = holdScans();
    const before = workers.length;
    const { manifestId } = await manifests.create(parameters(['/none:/x']), me);
    while (workers.length === before) await new Promise(setImmediate);
    await state.manifestFiles.append(manifestId, [
      { srcPath: '/', destPath: '/', fileSize: 0, isEmptyDir: true, executable: false, modificationTime: 0 },
    ]);
    release();
    expect(await manifests.wait(manifestId, 60_000, me, signal)).toMatchObject({ status: 'error' });
    expect(await filesOf(manifestId)).toEqual([]);
  });

  it('is not scanned while all those of its owner have too many files', async () => {
    const { manifestId, ...record } = await scanned(['/b:/b']);
    const records = await state.collection<object>('manifests');
    await records.put('large', { ...record, manifestId: 'large', totalFiles: 50_000_000 });
    expect(await scanned(['/b:/b'])).toMatchObject({
      status: 'error',
      errorCode: 'limit-exceeded',
      errorMessage: expect.stringContaining('50,000,001 files'),
    });
    await manifests.delete('large');
    expect(await scanned(['/b:/b'])).toMatchObject({ status: 'complete' });
  });

  it('of which too much cannot be read is an error', async () => {
    const many = join(base, 'root', 'many');
    mkdirSync(many);
    for (let link = 0; link < 2_000; link++) symlinkSync('/outside', join(many, `${link}-${'x'.repeat(80)}`));
    expect(await scanned(['/many:/x'])).toMatchObject({ status: 'error', errorCode: 'limit-exceeded' });
  });
});

it('no owner keeps others waiting for a scan', async () => {
  const release = holdScans();
  const mine = [];
  for (let count = 0; count < 4; count++) mine.push(await manifests.create(parameters(['/d:/x']), me));
  const before = workers.length;
  const { manifestId } = await manifests.create(parameters(['/b:/x']), apiCaller({ account: 'ben' }));
  await new Promise(setImmediate);
  expect(before - workers.length).toBe(1);
  release();
  for (const one of [...mine, { manifestId }]) {
    await manifests.wait(one.manifestId, 60_000, apiCaller({ superuser: true }), signal);
    expect(manifests.get(one.manifestId)).toMatchObject({ status: 'complete' });
  }
});
