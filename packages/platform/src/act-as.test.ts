import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { lookUpAccount } from './accounts/account.ts';
import { actAs, canActAsOthers } from './act-as.ts';
import { bundledWorker } from './testing/bundled-worker.ts';

const needsRoot = !canActAsOthers();
const ada = { name: 'ada', uid: 54_321, gid: 54_322, groups: [54_322, 54_323] };
const bob = { name: 'bob', uid: 54_331, gid: 54_332, groups: [54_332] };

/** What the worker tries, as the user; it answers with what each attempt came to. */
const WORKER = `
  import { parentPort, workerData } from 'node:worker_threads';
  import fs from 'node:fs';
  import { join } from 'node:path';
  import { mayChangeOwners } from './accounts/owner-rights.ts';
  import { actAs } from './act-as.ts';
  import { directoryOperations } from './beneath-root/directory-operations.ts';
  const { account, area } = workerData;
  const outcome = (attempt) => { try { return attempt() ?? 'done'; } catch (error) { return error.code; } };
  const results = { couldChangeOwners: mayChangeOwners() };
  results.acting = outcome(() => actAs(account));
  if (results.acting === 'done') {
    results.readSecret = outcome(() => fs.readFileSync(join(area, 'secret'), 'utf8'));
    results.readRootGroup = outcome(() => fs.readFileSync(join(area, 'root-group'), 'utf8'));
    results.readOwnGroup = outcome(() => fs.readFileSync(join(area, 'own-group'), 'utf8'));
    results.enterClosed = outcome(() => fs.readdirSync(join(area, 'closed')).length);
    results.create = outcome(() => fs.writeFileSync(join(area, 'open', account.name), 'mine'));
    results.createInRoots = outcome(() => fs.writeFileSync(join(area, 'new'), ''));
    results.chmodRoots = outcome(() => fs.chmodSync(join(area, 'public'), 0o777));
    results.mayChangeOwners = mayChangeOwners();
    results.chownOwn = outcome(() => fs.chownSync(join(area, 'open', account.name), 0, 0));
    results.throughHandle = outcome(() => {
      const operations = directoryOperations();
      const root = operations.openRoot(area);
      const open = operations.openDirectoryBeneath(root, ['open'], { symlinks: 'beneath' });
      operations.mkdirAt(open, account.name + '-directory', 0o755);
      return operations.guarantee;
    });
    results.secretThroughHandle = outcome(() =>
      directoryOperations().openFileAt(directoryOperations().openRoot(area), 'secret', fs.constants.O_RDONLY));
  }
  parentPort.postMessage(results);`;

function runAs(
  account: Parameters<typeof actAs>[0],
  area: string,
  code = bundledWorker(WORKER, import.meta.url),
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true, workerData: { account, area } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('acting as a user', () => {
  it.skipIf(needsRoot)(
    'holds the worker thread, and only it, to the rights of the user (needs root)',
    async () => {
      const area = mkdtempSync(join(tmpdir(), 'act-as-'));
      chmodSync(area, 0o755);
      const file = (name: string, mode: number, gid: number) => {
        writeFileSync(join(area, name), name);
        chownSync(join(area, name), 0, gid);
        chmodSync(join(area, name), mode);
      };
      file('secret', 0o600, 0);
      file('root-group', 0o640, 0);
      file('own-group', 0o640, 54_323);
      file('public', 0o644, 0);
      mkdirSync(join(area, 'closed'), { mode: 0o700 });
      mkdirSync(join(area, 'open'));
      chmodSync(join(area, 'open'), 0o1777);

      const [ofAda, ofBob] = await Promise.all([runAs(ada, area), runAs(bob, area)]);
      const denied = {
        couldChangeOwners: true,
        acting: 'done',
        mayChangeOwners: false,
        readSecret: 'EACCES',
        readRootGroup: 'EACCES',
        enterClosed: 'EACCES',
        create: 'done',
        createInRoots: 'EACCES',
        chmodRoots: 'EPERM',
        chownOwn: 'EPERM',
        throughHandle: expect.stringMatching(/kernel|walk/),
        secretThroughHandle: 'EACCES',
      };
      expect(ofAda).toEqual({ ...denied, readOwnGroup: 'own-group' });
      expect(ofBob).toEqual({ ...denied, readOwnGroup: 'EACCES' });
      for (const { name, uid, gid } of [ada, bob]) {
        expect(statSync(join(area, 'open', name))).toMatchObject({ uid, gid });
        expect(statSync(join(area, 'open', `${name}-directory`))).toMatchObject({ uid, gid });
      }
      expect(readFileSync(join(area, 'secret'), 'utf8')).toBe('secret');
      writeFileSync(join(area, 'of-main'), '');
      expect(statSync(join(area, 'of-main')).uid).toBe(0);
      rmSync(area, { recursive: true });
    },
  );

  it.skipIf(needsRoot)('acts as an account of the system (needs root)', async () => {
    const area = mkdtempSync(join(tmpdir(), 'act-as-'));
    const results = await runAs(lookUpAccount('nobody')!, area);
    expect(results).toMatchObject({ acting: 'done', createInRoots: 'EACCES', enterClosed: 'EACCES' });
    rmSync(area, { recursive: true });
  });

  it('refuses in the main thread, and without native functions', () => {
    vi.stubEnv('JETSTREAM_PORTABLE', '1');
    expect(canActAsOthers()).toBe(false);
    vi.unstubAllEnvs();
    expect(() => actAs(ada)).toThrow(expect.objectContaining({ code: 'permission-denied' }));
  });

  it.each([
    { uid: -1 },
    { uid: 2 ** 32 - 1 },
    { uid: Number.NaN },
    { gid: -1 },
    { groups: [54_322, 2 ** 32] },
    { uid: 0.5 },
  ])('refuses numbers that are no account, which must never come to mean root: %o', (wrong) => {
    expect(() => actAs({ ...ada, ...wrong })).toThrow('not those of an account');
  });

  it('is no change for the account that runs the process', () => {
    const own = { name: 'self', uid: process.geteuid!(), gid: process.getegid!(), groups: [] };
    expect(() => actAs(own)).not.toThrow();
  });
});
