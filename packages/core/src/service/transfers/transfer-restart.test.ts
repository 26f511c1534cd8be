import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caller, TransferService } from '../../testing/transfer-service.ts';

const diskFull = () => new JetStreamError('io-error', 'the source could not be read');
const HOUR_MS = 3_600_000;
const ann = caller('ann');

describe('after a restart', () => {
  it.each(['a clean end', 'kill -9'])('all goes on after %s', async (end) => {
    const before = new TransferService();
    before.transfers.start();
    const ids = [await before.create(), await before.create(), await before.create(), await before.create()];
    const [runs, complete, suspended, waits] = ids as [string, string, string, string];
    (await before.links.upload(complete)).complete();
    await before.transfers.suspend(suspended, ann);
    await before.settle();
    const times = before.get(runs);
    if (end === 'a clean end') await before.transfers.close();
    const after = new TransferService(before.store.afterCrash());
    after.wallUs = before.wallUs - HOUR_MS * 1_000;
    after.transfers.start();
    await after.settle();
    expect(ids.map((id) => after.status(id))).toEqual(['inProgress', 'complete', 'suspended', 'inProgress']);
    expect(after.running.sort()).toEqual([runs, waits].sort());
    expect(after.get(runs)).toMatchObject({
      attempts: 2,
      startTime: times.startTime,
      requestTime: times.requestTime,
    });
    (await after.links.upload(runs)).complete();
    await after.settle();
    const { requestTime, queueTime, startTime, endTime, snapshotTime } = after.get(runs);
    const inOrder = [requestTime, queueTime!, startTime!, endTime!, snapshotTime];
    expect(inOrder).toEqual([...inOrder].sort((one, other) => one - other));
  });

  it('what waited for its next attempt waits on', async () => {
    const before = new TransferService();
    before.transfers.start();
    const id = await before.create();
    (await before.links.upload(id)).fail(diskFull());
    await before.settle();
    const after = new TransferService(before.store.afterCrash());
    after.transfers.start();
    await after.clock.advance(4_999);
    expect(after.running).toEqual([]);
    await after.clock.advance(1);
    expect(after.running).toEqual([id]);
  });

  it('whatever moment it was killed at, each is carried out to its end, and followed once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(3), async (steps, finished) => {
        let service = new TransferService();
        /** Ids of transfers whose end is to be followed, as they stand on the disk. */
        const outbox: string[] = [];
        const kept = ({ transferId }: { transferId: string }) => ({
          changes: [{ apply: () => ({ operation: void outbox.push(transferId), undo: () => undefined }) }],
          onDurable: () => undefined,
        });
        service.transfers.onEnded(kept);
        service.transfers.start();
        const created = Promise.all([1, 2, 3].map(() => service.create()));
        for (let step = 0; step < steps; step++) await Promise.resolve();
        for (const upload of service.links.running.slice(0, finished)) upload.complete();
        for (let step = 0; step < steps; step++) await Promise.resolve();
        const told = service.events
          .filter(({ status }) => status === 'complete')
          .map(({ transferId }) => transferId);
        const store = service.store.afterCrash();
        const ended = [...store.values()].filter(({ status }) => status === 'complete');
        // Neither of the two without the other.
        expect(outbox.toSorted()).toEqual(ended.map(({ transferId }) => transferId).toSorted());
        await created;
        outbox.splice(ended.length);
        service = new TransferService(store);
        service.transfers.onEnded(kept);
        service.transfers.start();
        await service.settle();
        for (const id of told) expect(service.status(String(id))).toBe('complete');
        for (let round = 0; round < 4; round++) {
          for (const upload of [...service.links.running]) upload.complete();
          await service.settle();
        }
        expect(service.transfers.counts()).toMatchObject({ pending: 0, inProgress: 0, error: 0 });
        expect(outbox.toSorted()).toEqual([...store.values()].map(({ transferId }) => transferId).toSorted());
      }),
      { numRuns: 50 },
    );
  });
});
