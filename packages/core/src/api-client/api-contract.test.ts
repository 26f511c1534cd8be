import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, COMMANDS, type CommandName, commandDefinition, type Result } from '@jetstream/api';
import type { ApiClient } from '@jetstream/api/client';
import type { JetStreamError } from '@jetstream/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.ts';
import { connectApi } from './connect-api.ts';

let test: TestServer;
let client: ApiClient;
/** Commands whose result was compared with its schema. */
const compared = new Set<CommandName>();

beforeAll(async () => {
  test = await TestServer.start({
    api: { port: 0, host: '127.0.0.1' },
    // One does what it is told in order: waits for a packet before it sends it.
    lanes: 1,
  });
  client = await connectApi({
    host: '127.0.0.1',
    port: test.server.apiPort!,
    configDirectory: test.config,
    environment: {},
  });
  await client.call('superuser', {});
  await client.call('wrangler', {});
  mkdirSync(join(test.sandbox, 'tree/empty'), { recursive: true });
  writeFileSync(join(test.sandbox, 'tree/file'), 'content');
});
afterAll(async () => {
  await client.close();
  await test.end();
});

/** What a command gives, which has to be what its schema says: no field less, and none more. */
async function call<C extends CommandName>(name: C, parameters: Arguments<C>): Promise<Result<C>> {
  compared.add(name);
  const { result, work } = commandDefinition(name);
  const answer = await client.call(name, parameters);
  expect(result.parse(answer), name).toEqual(answer);
  if (!work) return answer as Result<C>;
  const end = await client.waitForRequest((answer as { requestId: string }).requestId);
  expect(work.parse(end), name).toEqual(end);
  return end as Result<C>;
}

describe('what a server answers', () => {
  it('has something to say to every command', async () => {
    const names = (Object.keys(COMMANDS) as CommandName[]).filter(
      (name) => name !== 'logout' && name !== 'terminate',
    );
    for (const name of names) {
      const error = await client.call(name, { nothing: 1 } as never).catch((error: unknown) => error);
      expect((error as JetStreamError).message, name).not.toMatch(/no command/);
      expect(error, name).toMatchObject({ code: 'invalid-argument' });
    }
  });

  it('is what the schemas say', async () => {
    await call('getServerInfo', {});
    await call('echo', { message: 'a' });
    await call('sleep', { milliseconds: 0 });
    await call('authChallenge', {});
    await call('getThirdPartyLicenses', {});
    await call('setLicenseKeyAsync', { licenseKey: 'a' });
    await call('addWranglerAsync', { user: 'root' });
    await call('getWranglers', {});
    await call('deleteWrangler', { user: 'root' });
    await call('setSandboxMapping', { user: 'nobody', mapping: { '': '/tmp' } });
    await call('getSandboxMappings', {});
    await call('deleteSandboxMapping', { user: 'nobody' });
    await call('updateBandwidthLimits', { incomingRateLimit: null });
    await call('updateGarbageCollectSettings', {});
    await call('garbageCollect', {});

    const wait = 'recvDiscoverPacketAsync';
    const packet = { token: 'ab'.repeat(16) };
    const { requestId } = await client.call(wait, packet);
    const to = { destinationAddress: '127.0.0.1', destinationPort: test.server.port };
    await call('sendDiscoverPacketAsync', { ...packet, ...to });
    const came = await client.waitForRequest(requestId);
    expect(came).toEqual({ sourceIP: '127.0.0.1', sourcePort: test.server.port });
    expect(commandDefinition(wait).work!.parse(came)).toEqual(came);
    compared.add(wait);

    await call('lsAsync', { path: '/tree' });
    await call('lsListAsync', { paths: ['/tree', '/nowhere'] });
    await call('lsRootsAsync', {});
    await call('duAsync', { path: '/' });
    await call('mkdirAsync', { path: '/made/here' });
    await call('mkFileAsync', { path: '/made/file', content: 'a' });
    await call('mvAsync', { source: '/made/file', target: '/made/moved' });
    await call('rmAsync', { path: '/made', recursive: true });

    const key = Buffer.alloc(32, 9).toString('base64');
    await call('recv.addAuthorizedClientAsync', { clientPublicKey: key });
    await call('recv.getAuthorizedClients', {});
    await call('recv.allowOnlyAuthorizedClientsAsync', { onlyAuthorizedClientsAllowed: false });
    await call('recv.removeAuthorizedClientAsync', { clientPublicKey: key });

    const { token } = await call('createAPIToken', { description: 'a', lifetime: '1h' });
    await call('getAPIToken', { token });
    await call('getAPITokens', {});
    await call('deleteAPIToken', { token });

    const { destinationId } = await call('send.createDestination', {
      destinationAddress: '127.0.0.1',
      destinationPort: test.server.port,
    });
    await call('send.getDestination', { destinationId });
    await call('send.getDestinations', {});
    await call('send.updateDestination', { destinationId, description: 'b' });
    await call('send.setSendRateAsync', { destinationId, sendRateMax: 1_000_000 });
    const [connection] = await call('send.getConnections', {});
    await call('send.getConnection', { connectionId: connection!.connectionId });

    const { manifestId } = await call('send.createManifest', { fileMappings: ['/tree:/copy'] });
    await call('send.waitForManifest', { manifestId });
    await call('send.getManifest', { manifestId });
    await call('send.getManifests', {});
    await call('send.getManifestFiles', { manifestId });

    const { token: shared } = await call('send.createSharedToken', { manifestId, downloadLimit: 3 });
    await call('send.getSharedToken', { token: shared });
    await call('send.getSharedTokens', {});
    await call('send.deleteSharedToken', { token: shared });

    const { transferId } = await call('send.createTransfer', {
      destinationId,
      manifestId,
      userData: { a: [1] },
    });
    await client.waitForTransfer(transferId);
    await call('send.waitForTransfer', { transferId });
    expect(await call('send.getTransfer', { transferId })).toMatchObject({
      status: 'complete',
      errorMessage: null,
    });
    await call('send.getTransfers', { status: 'complete', userData: {} });
    await call('send.updateObjectUserData', { transferId, userData: { b: 1 } });
    await call('send.deleteObjectUserData', { transferId, keys: ['a'] });
    await call('recv.getSourcesAsync', {});
    expect(await call('recv.getTransfersAsync', {})).toHaveLength(1);

    const submitted = await call('send.submitTransfer', { destinationId, manifestId });
    const other = submitted.transfer.transferId;
    await client.waitForTransfer(other);
    await call('send.deleteTransfer', { transferId: other });
    await call('getEventLog', {});
    await call('send.deleteTransfer', { transferId });
    await call('send.deleteManifest', { manifestId });
    await call('send.deleteDestination', { destinationId });
  });

  it('was looked at for all commands but those that are told here', () => {
    const rest = (Object.keys(COMMANDS) as CommandName[]).filter((name) => !compared.has(name));
    expect(rest).toEqual([
      // Asked by the client all the time, or tested with sessions.
      ...['auth', 'authAsync', 'authPublicKey', 'authToken', 'logout', 'superuser', 'wrangler'],
      ...['getRequestStatus', 'getRequestResult', 'subscribe', 'unsubscribe'],
      'terminate',
      // Depend upon the moment; what they give is that of getTransfer.
      ...[
        'send.updateTransfer',
        'send.suspendTransfer',
        'send.resumeTransfer',
        'send.cancelTransfer',
        'send.failTransfer',
      ],
    ]);
  });
});
