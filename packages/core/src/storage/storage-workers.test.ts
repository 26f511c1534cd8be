import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SYSTEM_ROOT } from '@jetstream/manifest';
import { type Account, currentUser } from '@jetstream/platform';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkReceivingOptions } from '../content/receiving-options.ts';
import { manifestBatch } from '../testing/manifest-batch.ts';
import { StorageThread } from './storage-thread.ts';
import { StorageWorkers } from './storage-workers.ts';

/** Threads that do nothing, and tell what became of them. */
function recorded() {
  const started: StorageThread[] = [];
  const ended: StorageThread[] = [];
  const workers = new StorageWorkers(() => {
    const thread = {
      call: async () => undefined,
      end: async () => void ended.push(thread),
    } as unknown as StorageThread;
    started.push(thread);
    return thread;
  });
  return { workers, started, ended };
}

const account = (uid: number, groups: readonly number[] = [uid]): Account => ({
  ...currentUser(),
  uid,
  gid: uid,
  groups,
});
const reading = (actAs: Account | undefined) => ({
  actAs,
  sandbox: SYSTEM_ROOT,
  mappings: [],
  symlinks: 'follow' as const,
  verify: false,
  preserve: false,
});

describe('storage workers', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  async function work(workers: StorageWorkers, actAs: Account | undefined): Promise<void> {
    const host = workers.take();
    await host.call('openReader', reading(actAs));
    await host.close();
  }

  it('are started ahead one at a time, however often it is asked, and lent once', async () => {
    const { workers, started, ended } = recorded();
    workers.prepare();
    workers.prepare();
    expect(started).toHaveLength(1);
    expect([workers.lend('ann'), workers.lend('ann')]).toEqual(started);
    expect(started).toHaveLength(2);
    await workers.close();
    expect(ended).toEqual([]);
  });

  it('that nobody has end with them, and none starts after that', async () => {
    const { workers, started, ended } = recorded();
    workers.prepare();
    await work(workers, undefined);
    workers.prepare();
    await workers.close();
    workers.prepare();
    expect(ended).toHaveLength(started.length);
    await work(workers, undefined);
    expect(ended).toHaveLength(started.length);
  });

  it('are lent again to the same account, with the same groups, and to nobody else', async () => {
    const { workers, started } = recorded();
    await work(workers, account(7, [7, 20]));
    await work(workers, account(7, [20, 7]));
    expect(started).toHaveLength(1);
    for (const other of [account(7, [7]), account(8, [7, 20]), undefined]) await work(workers, other);
    expect(started).toHaveLength(4);
    await work(workers, account(7, [7, 20]));
    expect(started).toHaveLength(4);
    await workers.close();
  });

  it('end after some seconds without work, or after long work', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const { workers, started, ended } = recorded();
    const long = workers.take();
    await long.call('openReader', reading(undefined));
    vi.advanceTimersByTime(10_001);
    await long.close();
    expect(ended).toEqual([started[0]]);
    await work(workers, undefined);
    vi.advanceTimersByTime(9_999);
    expect(ended).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(started);
  });

  it('that could not close everything end', async () => {
    const ended: unknown[] = [];
    const workers = new StorageWorkers(
      () =>
        ({
          call: (operation: string) =>
            operation === 'close' ? Promise.reject(new Error()) : Promise.resolve(),
          end: async () => void ended.push(1),
        }) as unknown as StorageThread,
    );
    await work(workers, undefined);
    expect(ended).toEqual([1]);
  });

  it('take no call after they were given back', async () => {
    const { workers } = recorded();
    const host = workers.take();
    await host.close();
    await expect(host.call('nextBatch', 1)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('write one tree after the other on one thread, and leave no file open', async () => {
    let started = 0;
    const workers = new StorageWorkers(() => {
      started++;
      return new StorageThread();
    });
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'jetstream-')));
    const openFiles = () => readdirSync('/proc/self/fd').length;
    let openBefore = 0;
    for (let round = 0; round < 6; round++) {
      if (round === 2) openBefore = openFiles();
      const host = workers.take();
      await host.call('openWriter', {
        actAs: undefined,
        rule: 'server',
        transferId: 'test',
        sandbox: SYSTEM_ROOT,
        destinationPath: directory,
        ...checkReceivingOptions({}),
        verify: false,
        preserve: false,
        resumable: false,
      });
      await host.call('readBatch', manifestBatch(`${round}`, round % 2));
      await host.call('addEntries');
      // Each second one is left half done.
      if (round % 2 === 0) {
        await host.call('endManifest', 1);
        await host.call('commitReady', 1);
        await host.call('finish');
      } else await host.call('plan', 1_000);
      await host.close();
    }
    expect([started, openFiles() - openBefore]).toEqual([1, 0]);
    expect(readdirSync(directory).sort()).toEqual(['0', '2', '4']);
    rmSync(directory, { recursive: true });
    await workers.close();
  });

  it('refuse to open anything for an account that their thread was not lent to first', async () => {
    const thread = new StorageThread();
    await thread.call('openReader', reading(undefined));
    await thread.call('close');
    await expect(thread.call('openReader', reading(currentUser()))).rejects.toMatchObject({
      code: 'internal',
    });
    await thread.end();
  });
});
