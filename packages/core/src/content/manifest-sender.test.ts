import { describe, expect, it } from 'vitest';
import type { TransferPort } from '../session/session.ts';
import type { StorageHost } from '../storage/storage-host.ts';
import { ManifestSender } from './manifest-sender.ts';

const observer = {
  onTotals: () => undefined,
  onFiles: () => undefined,
  onLimiter: () => undefined,
  onProgress: () => undefined,
  onComplete: () => undefined,
  onFailed: () => undefined,
};

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((onResolved) => {
    resolve = onResolved;
  });
  return { promise, resolve };
}

describe('a sender of manifests', () => {
  it('is at scanning while the disk is asked, not while the receiver takes no more of it', async () => {
    const [room, asked, batch] = [deferred<void>(), deferred<void>(), deferred<unknown>()];
    const port = { writable: () => room.promise, send: () => undefined };
    const call = () => {
      asked.resolve();
      return batch.promise;
    };
    const sender = new ManifestSender(
      port as unknown as TransferPort,
      { call } as unknown as StorageHost,
      observer,
      () => undefined,
      undefined,
    );
    const run = sender.run();
    expect(sender.isScanning).toBe(false);
    room.resolve();
    await asked.promise;
    expect(sender.isScanning).toBe(true);
    const totals = { entries: 0, files: 0, bytes: 0 };
    batch.resolve({ messages: [], problems: [], sealedBlocks: [], done: true, totals });
    await run;
    expect(sender.isScanning).toBe(false);
  });
});
