import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransferTraffic } from '../../contract.ts';
import { caller, FakeTransferStore, TransferService } from '../../testing/transfer-service.ts';

const HOUR_MS = 3_600_000;
const ann = caller('ann');
const unreachable = () => new JetStreamError('host-unreachable', 'far.lan did not answer');
const diskFull = () => new JetStreamError('io-error', 'the source could not be read');
const failure = (source: string) => ({
  source,
  target: `/in${source}`,
  bytes: 0,
  error: { code: 'permission-denied' as const, message: 'no' },
});

describe('a transfer', () => {
  it('is sent as it was asked for, and is complete when all files are there', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create({
      checkpointFrequencySeconds: null,
      skip: 'by-digest',
      userData: { job: 7 },
    });
    expect(service.get(id)).toMatchObject({
      status: 'inProgress',
      attempts: 1,
      processing: true,
      skipRule: 'by-digest',
    });
    const upload = await service.links.upload(id);
    expect(upload).toMatchObject({
      destinationId: 'far-of-ann',
      options: {
        manifestId: 'manifest-of-ann',
        destinationPath: '/in',
        checkpointIntervalMs: null,
      },
    });
    upload.complete();
    await service.settle();
    expect(service.get(id)).toMatchObject({
      status: 'complete',
      processing: false,
      errorCode: null,
      userData: { job: 7 },
    });
    const told = service.events.filter(({ _event }) => _event !== 'transferProgress');
    expect(told.map(({ _event, status }) => [_event, status])).toEqual([
      ['transferCreated', 'pending'],
      ['transferUpdated', 'inProgress'],
      ['transferUpdated', 'complete'],
    ]);
    expect([...service.links.holds.values()]).toEqual([0]);
  });

  it('needs a manifest that is complete, and may not have those of others', async () => {
    const service = new TransferService();
    const manifest = service.manifests.get('manifest-of-ann')!;
    service.manifests.set('manifest-of-ann', { ...manifest, status: 'pending' });
    await expect(service.create()).rejects.toMatchObject({ code: 'conflict', subject: 'manifest-of-ann' });
    await expect(service.create({ manifestId: 'manifest-of-bob' })).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(service.create({ destinationId: 'far-of-bob' })).rejects.toMatchObject({
      code: 'not-found',
    });
    expect([...service.transfers.values()]).toEqual([]);
  });

  it('tells blocks of 256 bytes and what went over the network, of all its attempts', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const traffic: TransferTraffic = {
      ...{ bytesSent: 2_000, bytesReceived: 100, packetsSent: 3, packetsReceived: 2 },
      ...{ contentBytesSent: 600, contentBytesResent: 256 },
    };
    const first = await service.links.upload(id);
    first.advance({ totalBytes: 10, ackedBytes: 513, durableBytes: 512, filesDone: 1, traffic, rttMs: 9 });
    expect(service.get(id)).toMatchObject({
      ...{ blockSize: 256, totalBlocks: 4, blocksSent: 4, blocksAcked: 2, blocksRetransmitted: 1 },
      ...{
        bytesSent: 2_000,
        bytesRecv: 100,
        packetsSent: 3,
        packetsRecv: 2,
        totalBytes: 1_000,
        totalFiles: 3,
      },
      ...{ bytesDurable: 512, filesDone: 1, rtt: 9 },
    });
    first.fail(unreachable());
    await service.clock.advance(5_000);
    const second = await service.links.upload(id);
    second.advance({ totalsFinal: true, totalBytes: 1_000, totalFiles: 3, ackedBytes: 1_000, traffic });
    second.complete();
    await service.settle();
    expect(service.get(id)).toMatchObject({
      blocksAcked: 4,
      blocksSent: 7,
      bytesSent: 4_000,
      packetsRecv: 4,
      attempts: 2,
    });
  });

  it('of which files failed is in error, names the first hundred, and skips what is done when it is resumed', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const upload = await service.links.upload(id);
    for (let file = 0; file < 150; file++) upload.tellFile(failure(`/${file}\n`));
    upload.complete({ failed: 150 });
    await service.settle();
    const { status, errorCode, failures, errorMessage, endTime } = service.get(id);
    expect([status, errorCode, failures.length]).toEqual(['error', 'transfer-failed', 100]);
    expect(failures[0]).toEqual({
      source: '/0\\n',
      target: '/in/0\\n',
      errorCode: 'permission-denied',
      errorMessage: 'no',
    });
    expect(errorMessage).toMatch(/150 of 3 files failed/);
    expect(endTime).not.toBeNull();
    await service.clock.advance(24 * HOUR_MS);
    expect(service.running).toEqual([]);
    await service.transfers.resume(id, ann);
    (await service.links.upload(id)).complete();
    await service.settle();
    expect(service.get(id)).toMatchObject({
      status: 'complete',
      attempts: 2,
      failures: [],
      errorMessage: null,
    });
  });

  it('of which files with very long names failed names as many of them as a stored object may hold', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const upload = await service.links.upload(id);
    for (let file = 0; file < 100; file++) upload.tellFile(failure(`/${String(file).repeat(4_000)}`));
    upload.complete({ failed: 100 });
    await service.settle();
    expect(JSON.stringify(service.transfers.find(id, ann)).length).toBeLessThan(200 * 1024);
    expect(service.get(id).failures.length).toBeGreaterThan(5);
  });

  it('is not told of before it is on disk', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    let onDisk!: () => void;
    service.store.disk = new Promise((resolve) => {
      onDisk = resolve;
    });
    (await service.links.upload(id)).complete();
    await service.settle();
    expect(service.status(id)).toBe('inProgress');
    expect(service.events.map(({ status }) => status)).not.toContain('complete');
    onDisk();
    await service.settle();
    expect(service.status(id)).toBe('complete');
    expect(service.events.at(-1)).toMatchObject({ status: 'complete' });
  });

  it('that cannot be written down as complete is when the disk takes it again', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const broken = Promise.reject(new JetStreamError('disk-full', 'the disk is full'));
    broken.catch(() => undefined);
    service.store.disk = broken;
    (await service.links.upload(id)).complete();
    await service.clock.advance(20_000);
    expect(service.status(id)).toBe('inProgress');
    service.store.disk = Promise.resolve();
    await service.clock.advance(5_000);
    expect([service.status(id), service.get(id).attempts]).toEqual(['complete', 1]);
  });

  it('whose beginning cannot be written down is begun when the disk takes it again', async () => {
    const service = new TransferService();
    const id = await service.create();
    const broken = Promise.reject(new JetStreamError('disk-full', 'the disk is full'));
    broken.catch(() => undefined);
    service.store.disk = broken;
    service.transfers.start();
    await service.clock.advance(20_000);
    expect([service.running, service.status(id), service.get(id).attempts]).toEqual([[], 'pending', 0]);
    service.store.disk = Promise.resolve();
    await service.clock.advance(5_000);
    expect([service.running, service.status(id), service.get(id).attempts]).toEqual([[id], 'inProgress', 1]);
    await expect(service.create({}, 'bob')).resolves.toBeDefined();
    expect(service.running).toHaveLength(2);
  });

  it('submitted with a manifest begins when that is complete, and fails with it', async () => {
    const service = new TransferService();
    service.transfers.start();
    const manifest = service.manifests.get('manifest-of-ann')!;
    const pending = { ...manifest, status: 'pending' as const, totalSize: null, totalFiles: null };
    const submit = async (manifestId: string) => {
      service.manifests.set(manifestId, { ...pending, manifestId });
      const template = service.transfers.find(await service.create(), ann);
      await service.transfers.cancel(template.transferId, ann);
      const { rules, destinationId, destinationPath, priority, userData } = template;
      const request = { ...rules, destinationId, manifestId, destinationPath, priority, userData };
      return (await service.transfers.create(request, ann, true)).transferId;
    };
    const [good, bad] = [await submit('good'), await submit('bad')];
    await service.settle();
    expect(service.running).toEqual([]);
    service.manifests.set('good', { ...manifest, manifestId: 'good' });
    service.manifests.set('bad', {
      ...pending,
      status: 'error',
      errorCode: 'not-found',
      errorMessage: 'no /a',
    });
    for (const manifestId of ['good', 'bad']) service.serviceEvents.emit('manifestUpdated', { manifestId });
    await service.settle();
    expect(service.running).toEqual([good]);
    expect(service.get(good)).toMatchObject({ totalBytes: 1_000, totalFiles: 3 });
    expect(service.get(bad)).toMatchObject({
      status: 'error',
      errorCode: 'not-found',
      errorMessage: 'no /a',
    });
  });
});

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

describe('a transfer that fails', () => {
  it('is tried again after 5 s, 10 s and so on, and then no more than 24 h', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    (await service.links.upload(id)).fail(diskFull());
    await service.settle();
    const { status, errorCode, nextAttemptTime, snapshotTime } = service.get(id);
    expect([status, errorCode, nextAttemptTime! - snapshotTime]).toEqual(['pending', 'io-error', 5e6]);
    let elapsedMs = 0;
    for (; service.status(id) === 'pending' && elapsedMs < 48 * HOUR_MS; elapsedMs += 2_500) {
      await service.clock.advance(2_500);
      service.links.running[0]?.fail(diskFull());
      await service.clock.advance(0);
    }
    expect(service.get(id)).toMatchObject({ status: 'error', errorCode: 'io-error', nextAttemptTime: null });
    expect(elapsedMs / HOUR_MS).toBeCloseTo(24, 0);
    expect(service.get(id).attempts).toBeLessThan(300);
  });

  it('for a reason that stays is not tried again', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    (await service.links.upload(id)).fail(new JetStreamError('login-refused', 'no'));
    await service.clock.advance(HOUR_MS);
    expect(service.get(id)).toMatchObject({ status: 'error', errorCode: 'login-refused', attempts: 1 });
  });

  it('counts its failures anew when an attempt has come further than any before', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    for (const [durableBytes, delayUs] of [
      [0, 5e6],
      [0, 10e6],
      [300, 5e6],
      [200, 10e6],
    ] as const) {
      const upload = await service.links.upload(id);
      upload.advance({ durableBytes });
      upload.fail(diskFull());
      await service.settle();
      const { nextAttemptTime, snapshotTime } = service.get(id);
      expect(nextAttemptTime! - snapshotTime).toBe(delayUs);
      await service.clock.advance(delayUs / 1_000);
    }
  });

  it('is tried at once when it is resumed while it waits', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    (await service.links.upload(id)).fail(unreachable());
    await service.settle();
    expect(service.running).toEqual([]);
    await service.transfers.resume(id, ann);
    await service.settle();
    expect(service.running).toEqual([id]);
  });

  it('for its destination holds all others of that destination, of which one tries, and nobody else', async () => {
    const service = new TransferService();
    service.transfers.start();
    const down = [
      await service.create(),
      await service.create(),
      await service.create(),
      await service.create(),
    ];
    for (const upload of [...service.links.running]) upload.fail(unreachable());
    await service.settle();
    const near = await service.create({ destinationId: 'near-of-ann' });
    expect(service.running).toEqual([near]);
    await service.clock.advance(5_000);
    expect(service.running).toHaveLength(2);
    const [, trial] = service.links.running;
    trial!.fail(unreachable());
    await service.clock.advance(9_999);
    expect(service.running).toEqual([near]);
    await service.clock.advance(1);
    service.links.running[1]!.advance({ ackedBytes: 1 });
    await service.settle();
    expect(service.running).toHaveLength(3);
    expect(down.map((id) => service.get(id).attempts).reduce((sum, attempts) => sum + attempts)).toBe(5);
  });

  it('with its destination after 24 h takes along what has waited as long', async () => {
    const service = new TransferService();
    service.transfers.start();
    for (let count = 0; count < 30; count++) await service.create();
    for (let minutes = 0; minutes < 25 * 60; minutes += 5) {
      for (const upload of [...service.links.running]) upload.fail(unreachable());
      await service.clock.advance(300_000);
    }
    expect(service.transfers.counts()).toMatchObject({ error: 30, pending: 0 });
  });
});

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

  it('whatever moment it was killed at, each is carried out to its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.nat(3), async (steps, finished) => {
        let service = new TransferService();
        service.transfers.start();
        const created = Promise.all([1, 2, 3].map(() => service.create()));
        for (let step = 0; step < steps; step++) await Promise.resolve();
        for (const upload of service.links.running.slice(0, finished)) upload.complete();
        for (let step = 0; step < steps; step++) await Promise.resolve();
        const told = service.events
          .filter(({ status }) => status === 'complete')
          .map(({ transferId }) => transferId);
        const store = service.store.afterCrash();
        await created;
        service = new TransferService(store);
        service.transfers.start();
        await service.settle();
        for (const id of told) expect(service.status(String(id))).toBe('complete');
        for (let round = 0; round < 4; round++) {
          for (const upload of [...service.links.running]) upload.complete();
          await service.settle();
        }
        expect(service.transfers.counts()).toMatchObject({ pending: 0, inProgress: 0, error: 0 });
      }),
      { numRuns: 50 },
    );
  });
});

describe('the transfers of a server', () => {
  it('are begun no more while it drains, and end by themselves', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [first, second, third] = [await service.create(), await service.create(), await service.create()];
    let drained = false;
    const draining = service.transfers.drain().then(() => {
      drained = true;
    });
    (await service.links.upload(first)).complete();
    await service.settle();
    expect([service.running, drained]).toEqual([[second], false]);
    (await service.links.upload(second)).complete();
    await draining;
    expect(service.status(third)).toBe('pending');
  });

  it('that have no link are not waited for by a drain, and go on at the next start', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [connecting, moving] = [await service.create(), await service.create()];
    (await service.links.upload(connecting)).advance({ state: 'connecting' });
    let drained = false;
    const draining = service.transfers.drain().then(() => {
      drained = true;
    });
    await service.settle();
    expect([service.running, drained]).toEqual([[moving], false]);
    (await service.links.upload(moving)).advance({ state: 'reconnecting' });
    await draining;
    const after = new TransferService(service.store.afterCrash());
    after.transfers.start();
    await after.settle();
    expect(after.running.sort()).toEqual([connecting, moving].sort());
  });

  it('count themselves, for people and for machines', async () => {
    const service = new TransferService();
    service.transfers.start();
    await service.create();
    (await service.links.upload(await service.create())).fail(unreachable());
    await service.settle();
    expect(service.transfers.serverInfo(ann)).toEqual({ transfersInProgress: 1 });
    expect(service.transfers.serverInfo(caller(''))).toEqual({ transfersInProgress: null });
    const told = Object.fromEntries(service.transfers.metrics().map(({ name, read }) => [name, read()]));
    expect(told).toMatchObject({
      transfer_attempts_total: [{ value: 2 }],
      held_destinations: [{ value: 1 }],
    });
    expect(told.transfers).toContainEqual({ value: 1, labels: { status: 'inProgress' } });
  });

  it('tell who uses a manifest or a destination', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [complete, runs] = [await service.create(), await service.create()];
    (await service.links.upload(complete)).complete();
    await service.settle();
    expect(service.transfers.usersOfManifest('manifest-of-ann')).toEqual([runs]);
    expect(service.transfers.usersOfManifest('manifest-of-bob')).toEqual([]);
    expect(service.transfers.queuedFor('far-of-ann')).toBe(1);
    await service.transfers.suspend(runs, ann);
    expect(service.transfers.queuedFor('far-of-ann')).toBe(0);
    expect(service.transfers.usersOfDestination('far-of-ann')).toEqual([runs]);
    await service.transfers.delete(runs, ann);
    expect(service.transfers.usersOfDestination('far-of-ann')).toEqual([]);
    expect(service.transfers.usersOfManifest('manifest-of-ann')).toEqual([]);
  });

  it('are forgotten so long after their end, and not before', async () => {
    const service = new TransferService(new FakeTransferStore());
    service.transfers.start();
    const [complete, runs] = [await service.create(), await service.create()];
    (await service.links.upload(complete)).complete();
    await service.clock.advance(HOUR_MS);
    const collect = (hours: number) => service.transfers.collect({ lifetimeUs: hours * HOUR_MS * 1_000 });
    expect(await collect(2)).toEqual({ transfersDeleted: 0 });
    expect(await collect(1)).toEqual({ transfersDeleted: 1 });
    expect([...service.transfers.values()].map(({ transferId }) => transferId)).toEqual([runs]);
  });
});
