import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caller, TransferService } from '../../testing/transfer-service.ts';

const unreachable = () => new JetStreamError('host-unreachable', 'far.lan did not answer');
const ann = caller('ann');

describe('commands to transfers', () => {
  it('suspend, resume, cancel and fail what runs and what waits', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [a, b, c, d] = [
      await service.create(),
      await service.create(),
      await service.create(),
      await service.create(),
    ];
    expect(service.running).toEqual([a, b]);
    await service.transfers.suspend(a, ann);
    await service.transfers.fail(c, 'not wanted', ann);
    await service.settle();
    expect(service.running).toEqual([b, d]);
    expect(service.get(a)).toMatchObject({ status: 'suspended', endTime: null });
    expect(service.get(c)).toMatchObject({ status: 'error', errorMessage: 'not wanted' });
    await service.transfers.cancel(b, ann);
    await service.transfers.resume(a, ann);
    await service.settle();
    expect(service.running).toEqual([d, a]);
    await expect(service.transfers.suspend(b, ann)).rejects.toMatchObject({ code: 'conflict' });
    await expect(service.transfers.delete(d, ann)).rejects.toMatchObject({ code: 'conflict' });
    await service.transfers.delete(b, ann);
    expect(() => service.get(b)).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(service.events.at(-1)).toMatchObject({ _event: 'transferDeleted', transferId: b });
  });

  it('that come when it has just ended are a conflict, and change nothing', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    (await service.links.upload(id)).complete();
    await expect(service.transfers.cancel(id, ann)).rejects.toMatchObject({ code: 'conflict' });
    await service.settle();
    expect(service.status(id)).toBe('complete');
  });

  it('of an API token that is taken back end, and what it has not ended is cancelled', async () => {
    const service = new TransferService();
    const token = caller('ann', { token: 't', tokenSession: 's' });
    for (const objects of [service.destinations, service.manifests])
      for (const [id, object] of objects) objects.set(id, { ...object, ownerToken: 't' } as never);
    service.transfers.start();
    const theirs = [];
    for (let made = 0; made < 5; made++) theirs.push(await service.create({}, 'ann', token));
    const [complete, runs, suspended, waits] = theirs as [string, string, string, string];
    const own = await service.create();
    await service.transfers.suspend(suspended, token);
    (await service.links.upload(complete)).complete();
    await service.settle();
    const last = service.create({}, 'ann', token);
    service.revoked = 't';
    await service.transfers.endWorkOf('t');
    theirs.push(await last);
    await expect(service.create({}, 'ann', token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await service.settle();
    expect(service.running).toEqual([own]);
    const cancelled = theirs.filter((id) => id !== complete);
    expect(cancelled.map((id) => service.status(id))).toEqual(cancelled.map(() => 'cancelled'));
    expect([runs, waits].map((id) => service.get(id).errorCode)).toEqual([
      'permission-denied',
      'permission-denied',
    ]);
    expect([service.status(complete), service.status(own)]).toEqual(['complete', 'inProgress']);
  });

  it('of others find nothing', async () => {
    const service = new TransferService();
    const id = await service.create();
    const bob = caller('bob');
    for (const command of ['suspend', 'resume', 'cancel', 'delete'] as const)
      await expect(service.transfers[command](id, bob)).rejects.toMatchObject({ code: 'not-found' });
    await expect(service.transfers.update(id, { priority: 1 }, bob)).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(service.transfers.find(id, caller('bob', { wrangler: true })).owner).toBe('ann');
  });

  it('change the priority of what waits, and of nothing else', async () => {
    const service = new TransferService(undefined, { maxTransfers: 1, maxTransfersPerDestination: 1 });
    service.transfers.start();
    const [runs, early, late] = [await service.create(), await service.create(), await service.create()];
    await service.transfers.update(late, { priority: 5, userData: { a: [1] } }, ann);
    await expect(service.transfers.update(runs, { priority: 5 }, ann)).rejects.toMatchObject({
      code: 'conflict',
    });
    (await service.links.upload(runs)).complete();
    await service.settle();
    expect(service.running).toEqual([late]);
    expect(service.get(late)).toMatchObject({ priority: 5, userData: { a: [1] } });
    expect(service.status(early)).toBe('pending');
  });

  it('wait until it is over, or for as long as they may', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const short = new AbortController();
    const waited = service.transfers.wait(id, ann, short.signal);
    const over = service.transfers.wait(id, ann, new AbortController().signal);
    short.abort();
    expect((await waited).status).toBe('inProgress');
    (await service.links.upload(id)).complete();
    expect((await over).status).toBe('complete');
  });

  it('leave each transfer, whatever comes in which order, in a state that it may be in', async () => {
    const command = fc.constantFrom('suspend', 'resume', 'cancel', 'delete', 'complete', 'lose', 'time');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ command, which: fc.nat(3) }), { maxLength: 40 }),
        async (steps) => {
          const service = new TransferService();
          service.transfers.start();
          const ids = [await service.create(), await service.create(), await service.create()];
          const completed = new Set<string>();
          const pending: Promise<unknown>[] = [];
          for (const { command, which } of steps) {
            const id = ids[which % ids.length]!;
            const upload = service.links.running.find(({ options }) => options.transferId === id);
            if (command === 'complete') {
              if (upload !== undefined) completed.add(id);
              upload?.complete();
            } else if (command === 'lose') upload?.fail(unreachable());
            else if (command === 'time') await service.clock.advance(400_000);
            else
              pending.push(
                service.transfers[command](id, ann).catch((error) =>
                  expect(error.code).toMatch(/conflict|not-found/),
                ),
              );
          }
          await Promise.all(pending);
          await service.settle();
          for (const record of service.transfers.values())
            if (completed.has(record.transferId)) expect(record.status).toBe('complete');
          const inProgress = [...service.transfers.values()].filter(({ status }) => status === 'inProgress');
          expect(service.running.sort()).toEqual(inProgress.map(({ transferId }) => transferId).sort());
          expect(service.running.length).toBeLessThanOrEqual(2);
          // Whatever is pending is sent in the end.
          await service.clock.advance(1_000_000);
          for (let round = 0; round < 4; round++) {
            for (const upload of [...service.links.running]) upload.complete();
            await service.clock.advance(400_000);
          }
          expect(service.transfers.counts()).toMatchObject({ pending: 0, inProgress: 0 });
        },
      ),
      { numRuns: 50 },
    );
  });
});
