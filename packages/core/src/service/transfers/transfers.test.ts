import { JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import type { TransferTraffic } from '../../contract.ts';
import { caller, FakeTransferStore, TransferService } from '../../testing/transfer-service.ts';

const unreachable = () => new JetStreamError('host-unreachable', 'far.lan did not answer');
const failure = (source: string) => ({
  source,
  target: `/in${source}`,
  bytes: 0,
  error: { code: 'permission-denied' as const, message: 'no' },
});
const HOUR_MS = 3_600_000;
const ann = caller('ann');

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
    // What the first attempt brought over, and a file of 300 bytes that was there before it.
    second.advance({ filesDone: 3, presentBytes: 813 });
    second.complete({ skippedFiles: 2, presentBytes: 813 });
    await service.settle();
    expect(service.get(id)).toMatchObject({
      blocksAcked: 4,
      blocksSent: 7,
      bytesSent: 4_000,
      packetsRecv: 4,
      attempts: 2,
      filesSkipped: 1,
      bytesPresent: 300,
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
    expect(errorMessage).toMatch(/150 of 15\d files failed/);
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

  it('submitted with a manifest is kept with it or not at all, begins when that is complete, and fails with it', async () => {
    const service = new TransferService();
    service.transfers.start();
    const manifest = service.manifests.get('manifest-of-ann')!;
    const pending = { ...manifest, status: 'pending' as const, totalSize: null, totalFiles: null };
    const template = service.transfers.find(await service.create(), ann);
    await service.transfers.cancel(template.transferId, ann);
    const submit = async (manifestId: string) => {
      const record = { ...pending, manifestId };
      const put = () => service.manifests.set(manifestId, record);
      const written = { apply: () => ({ operation: void put(), undo: () => undefined }) };
      const draft = {
        record,
        changes: [written],
        onDurable: () => undefined,
        discard: async () => undefined,
      };
      const { rules, destinationId, destinationPath, priority, userData } = template;
      const request = { ...rules, destinationId, manifestId, destinationPath, priority, userData };
      return (await service.transfers.create(request, ann, { manifest: draft })).transferId;
    };
    service.store.disk = Promise.reject(new JetStreamError('disk-full', 'the disk is full'));
    await expect(submit('never')).rejects.toMatchObject({ code: 'disk-full' });
    expect(service.manifests.has('never')).toBe(false);
    service.store.disk = Promise.resolve();
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

describe('a change that cannot be written down', () => {
  const broken = () => {
    const disk = Promise.reject(new JetStreamError('disk-full', 'the disk is full'));
    disk.catch(() => undefined);
    return disk;
  };

  it('of a transfer that runs is refused, and the transfer goes on', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const first = await service.links.upload(id);
    for (const step of ['suspend', 'cancel'] as const) {
      service.store.disk = broken();
      await expect(service.transfers[step](id, ann)).rejects.toMatchObject({ code: 'disk-full' });
      service.store.disk = Promise.resolve();
      // To begin it again could not be written down either.
      await service.clock.advance(5_000);
      expect([service.status(id), service.running]).toEqual(['inProgress', [id]]);
    }
    const again = await service.links.upload(id);
    expect(again).not.toBe(first);
    again.complete();
    await service.settle();
    expect(service.status(id)).toBe('complete');
  });

  it('of a transfer that waits leaves it in the queue', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [first, second, id] = [await service.create(), await service.create(), await service.create()];
    service.store.disk = broken();
    const changes = [service.transfers.suspend(id, ann), service.transfers.update(id, { priority: 1 }, ann)];
    for (const change of changes) await expect(change).rejects.toMatchObject({ code: 'disk-full' });
    service.store.disk = Promise.resolve();
    (await service.links.upload(first)).complete();
    await service.settle();
    expect(service.running).toEqual([second, id]);
  });
});

describe('the transfers of a server', () => {
  it('are interrupted when it closes, with what they have come to, and go on at the next start', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [connecting, moving, waits] = [
      await service.create(),
      await service.create(),
      await service.create(),
    ];
    (await service.links.upload(connecting)).advance({ state: 'connecting' });
    (await service.links.upload(moving)).advance({ durableBytes: 700 });
    await Promise.all([service.transfers.close(), service.transfers.close()]);
    expect([connecting, moving, waits].map((id) => service.status(id))).toEqual([
      ...['inProgress', 'inProgress', 'pending'],
    ]);
    const limits = { maxTransfers: 3, maxTransfersPerDestination: 3 };
    const after = new TransferService(service.store.afterCrash(), limits);
    expect(after.get(moving)).toMatchObject({ bytesDurable: 700 });
    after.transfers.start();
    await after.settle();
    expect(after.running.sort()).toEqual([connecting, moving, waits].sort());
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
    service.serviceEvents.emit('destinationDeleted', { destinationId: 'far-of-ann' });
    const held = service.transfers.metrics().find(({ name }) => name === 'held_destinations');
    expect(held?.read()).toEqual([{ value: 0 }]);
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
