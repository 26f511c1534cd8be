import { userInfo } from 'node:os';
import { ApiClient } from '@jetstream/api/client';
import { loadOrCreateIdentity, loginSignatureInput } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerOptions } from '../../contract.ts';
import { TestServer } from '../../testing/test-server.ts';

const ON_LOOPBACK = { port: 0, host: '127.0.0.1' };
const LICENSES = [{ name: 'a', version: '1', license: 'MIT' }];

let test: TestServer;
const clients: ApiClient[] = [];
const start = async (options: ServerOptions = {}) => {
  test = await TestServer.start({ api: ON_LOOPBACK, thirdPartyLicenses: async () => LICENSES, ...options });
};
beforeEach(() => start());
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await test.end();
});

async function connect(login?: { user: string }): Promise<ApiClient> {
  const identity = await loadOrCreateIdentity(test.config);
  const client = await ApiClient.connect({
    host: '127.0.0.1',
    port: test.server.apiPort!,
    checkCertificate: () => undefined,
    ...(login && {
      login: {
        user: login.user,
        signLogin: async (hash, user) => [
          {
            publicKey: identity.publicKeyBlob,
            signature: await identity.sign(loginSignatureInput(hash, user)),
          },
        ],
      },
    }),
  });
  clients.push(client);
  return client;
}
const logIn = () => connect({ user: userInfo().username });

describe('a server with an API', () => {
  it('tells about itself, and to superusers how it is set up', async () => {
    const stranger = await (await connect()).call('getServerInfo', {});
    expect(stranger).toMatchObject({
      serverId: test.server.serverId,
      serverUid: test.server.serverUid,
      apiControlPort: test.server.apiPort,
      certificateValidation: 3_649,
      allowRemoteControl: true,
      sandboxed: true,
      receiver: { ports: [test.server.port] },
      bandwidthLimits: null,
      configuration: null,
    });
    const client = await logIn();
    await client.call('superuser', {});
    expect(await client.call('getServerInfo', {})).toMatchObject({
      configuration: { sandboxDir: test.sandbox, garbageCollect: { intervalSeconds: 3_600 } },
    });
    expect(await client.call('getThirdPartyLicenses', {})).toEqual(LICENSES);
    expect(await client.work('setLicenseKeyAsync', { licenseKey: 'x' })).toEqual({
      licensed: true,
      license: 'Apache-2.0',
    });
  });

  it('takes log-ins by the keys that UDP takes, and no other', async () => {
    const client = await logIn();
    expect(await client.call('echo', { message: 'x' })).toEqual({ message: 'x' });
    expect(await client.call('sleep', { milliseconds: 1 })).toBe(null);
    await expect(connect({ user: 'nobody-of-that-name' })).rejects.toMatchObject({ code: 'login-refused' });
  });

  it('is ended by a superuser, and says so to whoever waits for its end', async () => {
    const client = await logIn();
    await expect(client.call('terminate', {})).rejects.toMatchObject({ code: 'permission-denied' });
    await client.call('superuser', {});
    expect(await client.call('terminate', {})).toBe(null);
    await test.server.closed;
    await expect(client.call('getServerInfo', {})).rejects.toBeInstanceOf(JetStreamError);
  });

  it('does not start where its port is in use, and leaves everything free', async () => {
    const taken = { api: { ...ON_LOOPBACK, port: test.server.apiPort! } };
    const other = new TestServer();
    await expect(other.startServer(taken)).rejects.toMatchObject({ code: 'address-in-use' });
    await other.startServer();
    await other.end();
  });

  it('has the same certificate and name after a restart, and another id', async () => {
    const before = [test.server.serverUid, test.server.serverId];
    await test.server.close();
    await test.startServer({ api: ON_LOOPBACK });
    expect(test.server.serverUid).toBe(before[0]);
    expect(test.server.serverId).not.toBe(before[1]);
  });
});

it('counts what goes over UDP, and logins, in its metrics', async () => {
  const session = await test.connect();
  await session.close();
  const client = await connect();
  const { request } = await import('node:https');
  const text = await new Promise<string>((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: test.server.apiPort,
      path: '/metrics',
      rejectUnauthorized: false,
    };
    request(options, async (response) => {
      let all = '';
      for await (const chunk of response) all += chunk;
      resolve(all);
    })
      .once('error', reject)
      .end();
  });
  expect(text).toMatch(/^jetstream_packets_received_total [1-9]/m);
  expect(text).toMatch(/^jetstream_transfers\{status="pending"\} 0$/m);
  expect(text).toMatch(/^jetstream_receiving_transfers 0$/m);
  expect(text).toMatch(/^jetstream_events_total\{event="loggedIn"\} 1$/m);
  await client.close();
});
