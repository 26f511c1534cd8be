import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, COMMANDS } from '@jetstream/api';
import { canActAsOthers, currentUser, lookUpAccount } from '@jetstream/platform';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientIdentityLine } from '../../client/identity.ts';
import type { Transfer, TransferProgress } from '../../contract.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { HURRIED_CLOCK } from '../../testing/hurried-clock.ts';
import { ServerPair } from '../../testing/server-pair.ts';
import type { TestServer } from '../../testing/test-server.ts';
import { newId } from '../ids.ts';
import { Destinations } from './destinations.ts';
import type { LinkUploadOptions } from './links.ts';
import type { DestinationRecord } from './record.ts';

const me = apiCaller();
const user = currentUser().name;
const { signal } = new AbortController();

let pair: ServerPair;
let sender: TestServer;
let receiver: TestServer;
let destinations: Destinations;

beforeAll(async () => {
  pair = await ServerPair.start();
  ({ sender, receiver } = pair);
});
beforeEach(async () => {
  const { context, parts } = sender.service;
  destinations = await Destinations.open(context, parts, { clock: HURRIED_CLOCK });
  await pair.trust();
});
afterEach(async () => {
  await destinations.close();
  pair.clear();
});
afterAll(() => pair.end());

const keyOf = (server: TestServer) =>
  Buffer.from(server.service.context.hostKey.publicKey).toString('base64');

function destination(given: Partial<Arguments<'send.createDestination'>> = {}): Promise<DestinationRecord> {
  const parameters = {
    destinationAddress: '127.0.0.1',
    destinationPort: receiver.server.port,
    ...given,
  };
  return destinations.create(COMMANDS['send.createDestination'].parameters.parse(parameters), me);
}

async function manifest(fileMappings: string[], caller = me): Promise<string> {
  const { manifests } = sender.service.parts;
  const parameters = COMMANDS['send.createManifest'].parameters.parse({ fileMappings });
  const { manifestId } = await manifests.create(parameters, caller);
  const { status, errorMessage } = await manifests.wait(manifestId, 60_000, caller, signal);
  expect([status, errorMessage]).toEqual(['complete', null]);
  return manifestId;
}

function send(to: DestinationRecord, manifestId: string, options: Partial<LinkUploadOptions> = {}): Transfer {
  return destinations.links
    .open(to)
    .upload({ transferId: newId(), manifestId, destinationPath: '/in', ...options });
}

async function until(transfer: Transfer, holds: (progress: TransferProgress) => boolean): Promise<void> {
  for await (const progress of transfer) if (holds(progress)) return;
  throw new Error('the transfer ended first');
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((closed) => socket.close(closed));
  return port;
}

const now = ({ destinationId }: DestinationRecord) => destinations.describe(destinations.get(destinationId)!);

describe('a server that sends to another', () => {
  it('sends exactly the files of the manifest, as they stand then, and knows with whom it had to do', async () => {
    mkdirSync(join(sender.sandbox, 'd', 'empty'), { recursive: true });
    pair.put('d/a', 'old');
    pair.put('d/gone', 'gone');
    const manifestId = await manifest(['/d:/x']);
    pair.put('d/a', 'new and longer');
    pair.put('d/later', 'not listed');
    rmSync(join(sender.sandbox, 'd', 'gone'));
    const to = await destination();
    expect(now(to)).toMatchObject({ encryptedConnectionState: 'disconnected', destinationPublicKey: null });
    const transfer = send(to, manifestId);
    expect(transfer.progress.state).toBe('connecting');
    const summary = await transfer.done;
    expect(summary).toMatchObject({ files: 1, directories: 2, failed: 1 });
    expect(summary.failures).toMatchObject([{ source: '/d/gone', error: { code: 'not-found' } }]);
    expect(readFileSync(pair.received('x/a'), 'utf8')).toBe('new and longer');
    expect([existsSync(pair.received('x/empty')), existsSync(pair.received('x/later'))]).toEqual([
      true,
      false,
    ]);
    const { context } = receiver.service;
    expect(now(to)).toMatchObject({
      encryptedConnectionState: 'connected',
      destinationIP: '127.0.0.1',
      destinationPublicKey: keyOf(receiver),
      lastDestinationServerId: context.serverId,
      lastDestinationServerUid: context.state.serverUid,
      lastError: null,
    });
    expect(COMMANDS['send.createDestination'].result.parse(now(to))).toBeTruthy();
    const connection = destinations.describeConnection(destinations.get(to.destinationId)!);
    expect(COMMANDS['send.getConnection'].result.parse(connection)).toMatchObject({
      rateControlMethod: 'bbr',
      roundTripTimeMs: expect.any(Number),
    });
    // Over the same connection.
    expect(await send(to, manifestId).done).toMatchObject({ skippedFiles: 1 });
  });

  it('logs in by the key that it was given, and tells whoever gave none, or a wrong one, what to do', async () => {
    pair.put('file', 'content');
    const manifestId = await manifest(['/file:/']);
    await pair.distrust();
    const without = await destination();
    await expect(send(without, manifestId).done).rejects.toMatchObject({
      code: 'login-refused',
      message: expect.stringContaining(`clientPublicKey ${keyOf(sender)}`),
    });
    expect(now(without)).toMatchObject({
      encryptedConnectionState: 'disconnected',
      lastError: 'login-refused',
    });
    const unlisted = await clientIdentityLine(sender.directory('another'));
    const wrong = await destination({
      privateKey: readFileSync(join(sender.directory('another'), 'identity'), 'utf8'),
    });
    await expect(send(wrong, manifestId).done).rejects.toMatchObject({
      code: 'login-refused',
      message: expect.stringContaining(unlisted),
    });
    const right = await destination({ privateKey: readFileSync(join(receiver.config, 'identity'), 'utf8') });
    expect(await send(right, manifestId).done).toMatchObject({ files: 1 });
    expect(readFileSync(pair.received('file'), 'utf8')).toBe('content');
    const stored = await sender.service.context.state.collection('destinations');
    expect(JSON.stringify([...stored.values()])).not.toContain('PRIVATE KEY');
  });

  it('never trusts another host key than the one permitted, or shown first', async () => {
    pair.put('file', 'content');
    const manifestId = await manifest(['/file:/']);
    const otherKey = Buffer.alloc(32, 7).toString('base64');
    const pinned = await destination({ permittedDestinationPublicKey: otherKey });
    await expect(send(pinned, manifestId).done).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining('permittedDestinationPublicKey'),
    });
    const to = await destination();
    await send(to, manifestId).done;
    await destinations.close();
    const { port } = receiver.server;
    await receiver.server.close();
    rmSync(receiver.directory('state'), { recursive: true });
    await receiver.startServer({ port });
    await pair.trust();
    await expect(send(to, manifestId).done).rejects.toMatchObject({ code: 'host-key-changed' });
    const permittedDestinationPublicKey = keyOf(receiver);
    await destinations.update(to.destinationId, { permittedDestinationPublicKey }, me);
    expect(await send(to, manifestId).done).toMatchObject({ failed: 0 });
  });

  it('has the port that it was told to have, or says which one it cannot have', async () => {
    pair.put('file', 'content');
    const manifestId = await manifest(['/file:/']);
    const taken = await destination({ sourcePort: receiver.server.port });
    await expect(send(taken, manifestId).done).rejects.toMatchObject({
      code: 'address-in-use',
      message: expect.stringContaining(String(receiver.server.port)),
    });
    // It was free a moment ago.
    const sourcePort = await freePort();
    const transferId = newId();
    await send(await destination({ sourcePort }), manifestId, { transferId }).done;
    const { commands } = receiver.service.parts.receiving;
    const all = { limit: 100, offset: 0 };
    const told = commands['recv.getTransfersAsync'](all, apiCaller({ superuser: true }));
    expect(told.find((one) => one.transferId === transferId)).toMatchObject({ sourcePort });
    // Whoever has it and is idle gives it away.
    const other = await destination({ sourcePort, description: 'another one' });
    expect(await send(other, manifestId).done).toMatchObject({ failed: 0 });
  });

  it('rides out the end of the other server, and sends at the rate that is set meanwhile', async () => {
    const content = Buffer.alloc(6_000_000, 'JetStream');
    pair.put('file', content);
    const manifestId = await manifest(['/file:/']);
    const to = await destination({ sendRateMax: 40_000 });
    const transfer = send(to, manifestId);
    await until(transfer, ({ ackedBytes }) => ackedBytes > 0);
    expect(transfer.progress.ratePolicy).toEqual({ policy: 'fair', capBitsPerSecond: 40_000_000 });
    const { port } = receiver.server;
    await receiver.server.close();
    await receiver.startServer({ port });
    await destinations.setSendRate({ destinationId: to.destinationId, sendRateMax: 80_000 }, me);
    expect(await transfer.done).toMatchObject({ files: 1, failed: 0 });
    expect(transfer.progress.ratePolicy).toEqual({ policy: 'fair', capBitsPerSecond: 80_000_000 });
    expect(readFileSync(pair.received('file')).equals(content)).toBe(true);
  });

  it('cuts what it sends when the destination is changed, so that it is begun again by the new data', async () => {
    pair.put('file', Buffer.alloc(6_000_000, 'JetStream'));
    const manifestId = await manifest(['/file:/']);
    const to = await destination({ sendRateMax: 40_000 });
    const transfer = send(to, manifestId);
    await until(transfer, ({ ackedBytes }) => ackedBytes > 0);
    const permittedDestinationPublicKey = Buffer.alloc(32, 7).toString('base64');
    await destinations.update(to.destinationId, { permittedDestinationPublicKey }, me);
    await expect(transfer.done).rejects.toMatchObject({ code: 'connection-lost', retryable: true });
    await expect(send(to, manifestId).done).rejects.toMatchObject({ code: 'host-key-changed' });
  });

  it('sends a manifest to destinations of its owner alone', async () => {
    const manifestId = newId();
    const to = await destination();
    await expect(send(to, manifestId).done).rejects.toMatchObject({ code: 'not-found' });
    pair.put('file', 'content');
    const records = await sender.service.context.state.collection('manifests');
    const mine = await manifest(['/file:/']);
    await records.put(mine, { ...records.get(mine), owner: 'somebody-else' });
    await expect(send(to, mine).done).rejects.toMatchObject({ code: 'permission-denied' });
  });
});

describe.skipIf(!canActAsOthers() || lookUpAccount('nobody') === undefined)(
  'a server of root that sends for another account',
  () => {
    it('reads only what that account may read', async () => {
      const { uid, gid } = lookUpAccount('nobody')!;
      for (const directory of [sender.base, sender.sandbox]) chmodSync(directory, 0o755);
      mkdirSync(join(sender.sandbox, 'd'), { mode: 0o755 });
      pair.put('d/open', 'open');
      pair.put('d/secret', 'secret');
      chmodSync(join(sender.sandbox, 'd', 'secret'), 0o600);
      expect([uid, gid]).not.toContain(0);
      const caller = apiCaller({ account: 'nobody' });
      const parameters = COMMANDS['send.createDestination'].parameters.parse({
        destinationAddress: `127.0.0.1:${receiver.server.port}`,
      });
      const to = await destinations.create(parameters, caller);
      const manifestId = await manifest(['/d:/'], caller);
      const { failures } = await send(to, manifestId).done;
      expect(failures).toMatchObject([{ source: '/d/secret', error: { code: 'permission-denied' } }]);
      expect(readFileSync(pair.received('d/open'), 'utf8')).toBe('open');
      expect(existsSync(pair.received('d/secret'))).toBe(false);
    });

    it('[LG-10] is let in by the trust in its server as that account alone, and as others by their own keys', async () => {
      await pair.distrust();
      const { commands } = receiver.service.parts.authorizedClients;
      await commands['recv.addAuthorizedClientAsync']({ clientPublicKey: keyOf(sender), account: null });
      for (const directory of [sender.base, sender.sandbox, receiver.base]) chmodSync(directory, 0o755);
      chmodSync(receiver.sandbox, 0o777);
      pair.put('file', 'content');
      const caller = apiCaller({ account: 'nobody' });
      const manifestId = await manifest(['/file:/'], caller);
      const as = (userName: string, privateKey?: string) =>
        destinations.create(
          COMMANDS['send.createDestination'].parameters.parse({
            destinationAddress: `127.0.0.1:${receiver.server.port}`,
            userName,
            ...(privateKey !== undefined && { privateKey }),
          }),
          caller,
        );
      for (const other of ['daemon', user]) {
        await expect(send(await as(other), manifestId).done).rejects.toMatchObject({
          code: 'login-refused',
          message: expect.stringContaining('name nobody'),
        });
      }
      await send(await as('nobody'), manifestId, { destinationPath: '/own' }).done;
      expect(statSync(join(receiver.sandbox, 'own', 'file')).uid).toBe(lookUpAccount('nobody')!.uid);
      // Listed there for the account that runs the receiver.
      const key = readFileSync(join(receiver.config, 'identity'), 'utf8');
      writeFileSync(receiver.authorizedKeys, `${await clientIdentityLine(receiver.config)}\n`, {
        mode: 0o600,
      });
      await send(await as(user, key), manifestId, { destinationPath: '/other' }).done;
      expect(statSync(join(receiver.sandbox, 'other', 'file')).uid).toBe(lookUpAccount(user)!.uid);
      await expect(send(await as('daemon', key), manifestId).done).rejects.toMatchObject({
        code: 'login-refused',
      });
    });
  },
);
