import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '@jetstream/core/api-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../tools/lossy-proxy/src/seeded-random.mjs';
import { writeFile } from '../tools/programs/src/tree.mjs';
import { ServerPair } from './support/sending-server.ts';

const TRANSFERS = 1_000;
const FILES = ['source/a', 'source/deep/b'];

let pair: ServerPair;

beforeAll(async () => {
  pair = await ServerPair.open();
  await Promise.all([pair.sender.start(), pair.receiver.start()]);
  for (const [index, name] of FILES.entries()) writeFile(join(pair.sender.sandbox, name), 70, index);
});
afterAll(() => pair.close());

it('1,000 queued transfers are complete once each, none twice, whenever either server is killed', async () => {
  const seed = 20_261_123;
  const random = seededRandom(seed);
  await queueAll(await pair.sender.api());
  const kills = [pair.sender, pair.receiver].map((server, at, all) => ({
    server,
    /** So many have arrived then; they come in any order of destination paths. */
    arrived: Math.floor(((at + random()) / all.length) * TRANSFERS),
  }));
  for (const { server, arrived } of kills) {
    await until(() => readdirSync(pair.receiver.sandbox).length >= Math.min(arrived, TRANSFERS - 1));
    await server.killAndRestart();
  }
  const sender = await pair.sender.api();
  await until(async () => {
    const status = ['pending' as const, 'inProgress' as const];
    return (await sender.call('send.getTransfers', { status, limit: 1 })).length === 0;
  });

  const sent = await sender.call('send.getTransfers', { limit: 10_000 });
  const receiver = await pair.receiver.api();
  const received = await receiver.work('recv.getTransfersAsync', { limit: 10_000 });
  const ids = sent.map(({ transferId }) => transferId).sort();
  expect(sent.filter(({ status }) => status !== 'complete').map(({ errorMessage }) => errorMessage)).toEqual(
    [],
  );
  expect(new Set(ids).size, `seed ${seed}`).toBe(TRANSFERS);
  expect(received.map(({ transferId, status }) => `${transferId} ${status}`).sort()).toEqual(
    ids.map((id) => `${id} complete`),
  );
  expect(await toldTwice(sender, 'transferUpdated')).toEqual([]);
  expect(await toldTwice(receiver, 'recvTransferUpdated')).toEqual([]);
  const expected = FILES.map((name) => `${name} ${readFileSync(join(pair.sender.sandbox, name), 'hex')}`);
  const places = readdirSync(pair.receiver.sandbox);
  expect(places).toHaveLength(TRANSFERS);
  for (const place of places) expect(filesBelow(join(pair.receiver.sandbox, place))).toEqual(expected);
  for (const { snapshotTime, endTime, startTime, requestTime } of sent) {
    const times = [requestTime, startTime!, endTime!, snapshotTime];
    expect(times).toEqual([...times].sort((one, other) => one - other));
  }
});

async function queueAll(api: ApiClient): Promise<void> {
  const { destinationId } = await api.call('send.createDestination', {
    destinationAddress: '127.0.0.1',
    destinationPort: pair.receiver.port,
  });
  const { manifestId } = await api.call('send.createManifest', { fileMappings: ['/source:/'] });
  expect(await api.waitForManifest(manifestId)).toMatchObject({ status: 'complete' });
  let next = 0;
  const createSome = async () => {
    while (next < TRANSFERS)
      await api.call('send.createTransfer', { destinationId, manifestId, destinationPath: `/${next++}` });
  };
  await Promise.all(Array.from({ length: 16 }, createSome));
}

/** Transfers that a server has told to be complete more than once. */
async function toldTwice(api: ApiClient, name: 'transferUpdated' | 'recvTransferUpdated'): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const event of await api.call('getEventLog', { events: [name], limit: 10_000 })) {
    const id = String(event.transferId);
    if (event.status === 'complete') counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  expect(counts.size).toBeGreaterThan(TRANSFERS / 2);
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path.slice(root.length + 1)} ${readFileSync(path, 'hex')}`)
    .sort();
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(20);
}
