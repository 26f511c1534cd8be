import { describe, expect, it } from 'vitest';
import type { StorageHost } from './storage-host.ts';
import { StorageWorkers } from './storage-workers.ts';

/** Workers that only tell when they were closed. */
function recorded(): { workers: StorageWorkers; started: StorageHost[]; closed: StorageHost[] } {
  const [started, closed]: [StorageHost[], StorageHost[]] = [[], []];
  const workers = new StorageWorkers(() => {
    const worker = {
      close: () => {
        closed.push(worker);
        return Promise.resolve();
      },
    } as StorageHost;
    started.push(worker);
    return worker;
  });
  return { workers, started, closed };
}

describe('StorageWorkers', () => {
  it('starts one ahead, however often it is asked, and gives it once', async () => {
    const { workers, started, closed } = recorded();
    workers.prepare();
    workers.prepare();
    expect(started).toHaveLength(1);
    expect([workers.take(), workers.take()]).toEqual(started);
    expect(started).toHaveLength(2);
    await workers.close();
    expect(closed).toEqual([]);
  });

  it('stops the one that nobody took at its end, and starts none after that', async () => {
    const { workers, started, closed } = recorded();
    workers.prepare();
    await workers.close();
    workers.prepare();
    expect(closed).toEqual(started);
    expect(started).toHaveLength(1);
  });
});
