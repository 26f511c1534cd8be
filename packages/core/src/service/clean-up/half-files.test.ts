import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentUser } from '@jetstream/platform';
import { type State, volatileState } from '@jetstream/state';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StorageWorkers } from '../../storage/storage-workers.ts';
import { FileWork } from '../files/file-work.ts';
import { HalfFiles } from './half-files.ts';

const NOW_US = Date.now() * 1000;
const DAY_US = 86_400e6;

let directory: string;
let state: State;
let halfFiles: HalfFiles;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-half-files-'));
  state = await volatileState();
  halfFiles = new HalfFiles(state, new FileWork(new StorageWorkers()), pino({ level: 'silent' }));
});

afterEach(async () => {
  await halfFiles.close();
  await state.close();
  rmSync(directory, { recursive: true });
});

/** @returns its key */
async function record(target: string, partialName: string, uid = currentUser().uid): Promise<string> {
  const key = `${uid}:${join(directory, target)}`;
  const header = {
    partialName,
    partialInode: 1,
    size: 1,
    mtimeSeconds: 1,
    mtimeNanoseconds: 0,
    sourceInode: 1,
  };
  writeFileSync(join(directory, partialName), 'half');
  await state.resume.save([{ key, header, segments: [] }]);
  return key;
}

it('go after 90 days with their records, and no other file does', async () => {
  const own = `.a.jspart-${state.ownerId}0000000100000001-1`;
  const others = '.b.jspart-ffffffff0000000100000001-1';
  const held = `.d.jspart-${state.ownerId}0000000100000001-4`;
  await record('a', own);
  await record('b', others);
  await record('c', 'c');
  await record('gone', `.gone.jspart-${state.ownerId}0000000100000001-5`);
  rmSync(join(directory, `.gone.jspart-${state.ownerId}0000000100000001-5`));
  const key = await record('d', held);
  await state.resume.claim(key, {});
  await halfFiles.collect({ nowUs: NOW_US + 89 * DAY_US, lifetimeUs: 0 });
  expect(existsSync(join(directory, own))).toBe(true);
  await halfFiles.collect({ nowUs: NOW_US + 91 * DAY_US, lifetimeUs: 0 });
  expect([own, others, 'c', held].filter((name) => existsSync(join(directory, name)))).toEqual([
    others,
    'c',
    held,
  ]);
  expect(state.resume.savedBefore(Number.POSITIVE_INFINITY)).toEqual([]);
  expect(state.resume.holderOf(key)).toBeDefined();
});

it('of an account that is no more stay, without their records', async () => {
  const partial = `.a.jspart-${state.ownerId}0000000100000001-1`;
  await record('a', partial, 4_000_000_000);
  await halfFiles.collect({ nowUs: NOW_US + 91 * DAY_US, lifetimeUs: 0 });
  expect(existsSync(join(directory, partial))).toBe(true);
  expect(state.resume.isEmpty).toBe(true);
});
