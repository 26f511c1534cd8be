import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { caller, TransferService } from '../../testing/transfer-service.ts';

const unreachable = () => new JetStreamError('host-unreachable', 'far.lan did not answer');
const diskFull = () => new JetStreamError('io-error', 'the source could not be read');
const HOUR_MS = 3_600_000;
const ann = caller('ann');
const failedFile = (code: ErrorCode) => ({
  source: '/a',
  target: '/in/a',
  bytes: 0,
  error: { code, message: 'no' },
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

  it('is tried again when files of it failed of what may pass alone, as a full disk, and completes then', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const first = await service.links.upload(id);
    first.tellFile(failedFile('disk-full'));
    first.complete({ failed: 1 });
    await service.settle();
    expect(service.get(id)).toMatchObject({ status: 'pending', errorCode: 'disk-full', endTime: null });
    await service.clock.advance(5_000);
    (await service.links.upload(id)).complete({});
    await service.settle();
    expect(service.get(id)).toMatchObject({ status: 'complete', attempts: 2, errorCode: null, failures: [] });
  });

  it('is not tried again when one of its files failed of what stays', async () => {
    const service = new TransferService();
    service.transfers.start();
    const id = await service.create();
    const upload = await service.links.upload(id);
    upload.tellFile(failedFile('disk-full'));
    upload.tellFile(failedFile('permission-denied'));
    upload.complete({ failed: 2 });
    await service.clock.advance(HOUR_MS);
    expect(service.get(id)).toMatchObject({ status: 'error', errorCode: 'transfer-failed', attempts: 1 });
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

describe('a transfer of an account that may not be used', () => {
  it('waits until the account may, one trial at a time, and holds up nobody else', async () => {
    const service = new TransferService();
    service.transfers.start();
    service.outOfUse.add('ann');
    const ids = [await service.create(), await service.create(), await service.create()];
    const bobs = await service.create({}, 'bob');
    expect(service.running).toEqual([bobs]);
    for (let minute = 0; minute < 30; minute++) await service.clock.advance(60_000);
    expect(service.running).toEqual([bobs]);
    expect(service.get(ids[0]!)).toMatchObject({
      status: 'pending',
      attempts: 0,
      errorCode: 'login-refused',
      errorMessage: expect.stringContaining('ann'),
    });
    expect(service.status(ids[2]!)).toBe('pending');
    service.outOfUse.clear();
    await service.clock.advance(300_000);
    await service.settle();
    const [, trial] = service.links.running;
    trial!.advance({ durableBytes: 1, ackedBytes: 1 });
    trial!.complete({});
    await service.settle();
    expect(service.running).toHaveLength(3);
    expect(service.get(trial!.options.transferId)).toMatchObject({ status: 'complete', errorCode: null });
  });

  it('is stopped when it runs, and goes on later', async () => {
    const service = new TransferService();
    service.transfers.start();
    const [id, bobs] = [await service.create(), await service.create({}, 'bob')];
    await service.transfers.recheckOwners();
    expect(service.running).toEqual([id, bobs]);
    service.outOfUse.add('ann');
    await service.transfers.recheckOwners();
    await service.settle();
    expect(service.running).toEqual([bobs]);
    expect(service.get(id)).toMatchObject({ status: 'pending', attempts: 1, errorCode: 'login-refused' });
    service.outOfUse.clear();
    await service.transfers.resume(id, ann);
    await service.settle();
    (await service.links.upload(id)).complete({});
    await service.settle();
    expect(service.get(id)).toMatchObject({ status: 'complete', attempts: 2 });
  });

  it('fails when the account could not be used for 24 h', async () => {
    const service = new TransferService();
    service.transfers.start();
    service.outOfUse.add('ann');
    const ids = [await service.create(), await service.create(), await service.create()];
    for (let minute = 0; minute < 24 * 60 + 10; minute += 5) await service.clock.advance(300_000);
    for (const id of ids)
      expect(service.get(id)).toMatchObject({ status: 'error', errorCode: 'login-refused', attempts: 0 });
  });
});
