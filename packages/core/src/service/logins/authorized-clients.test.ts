import { loadOrCreateHostKey } from '@jetstream/auth';
import { currentUser } from '@jetstream/platform';
import { ERROR_CODES } from '@jetstream/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../../testing/raw-client.ts';
import { TestServer } from '../../testing/test-server.ts';

const account = currentUser().name;

let test: TestServer;
/** Another server's. */
let privateKey: Uint8Array;
let clientPublicKey: string;
const clients: RawClient[] = [];
beforeEach(async () => {
  test = await TestServer.start();
  const hostKey = loadOrCreateHostKey(test.directory('other'));
  privateKey = hostKey.privateKey;
  clientPublicKey = Buffer.from(hostKey.publicKey).toString('base64');
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await test.end();
});

async function connect(key?: Uint8Array): Promise<RawClient> {
  const client = await RawClient.connect(test, key);
  clients.push(client);
  return client;
}

describe('an authorized client', () => {
  it('[LG-8] is let in by the static key that its handshake proved, for as long as that is listed', async () => {
    const { commands } = test.service.parts.authorizedClients;
    const stranger = await connect(privateKey);
    expect(await stranger.tryLogin({})).toMatchObject({ errorCode: ERROR_CODES['login-refused'].wire });
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey, account });
    const server = { uid: '0'.repeat(32), id: 'f'.repeat(32) };
    expect(await stranger.tryLogin({ user: 'whoever', server })).toMatchObject({
      errorCode: 0,
      account,
      server: { id: test.server.serverId },
    });
    const other = await connect();
    expect(await other.tryLogin({})).toMatchObject({ errorCode: ERROR_CODES['login-refused'].wire });
    await commands['recv.removeAuthorizedClientAsync']({ clientPublicKey });
    expect(await stranger.closed()).toMatchObject({ code: 'login-refused' });
  });

  it('[LG-9] is the only one listened to where no other is allowed; who is here already has to go', async () => {
    const { commands } = test.service.parts.authorizedClients;
    const session = await test.connect();
    await commands['recv.addAuthorizedClientAsync']({ clientPublicKey, account });
    const trusted = await connect(privateKey);
    await commands['recv.allowOnlyAuthorizedClientsAsync']({ onlyAuthorizedClientsAllowed: true });
    await expect(
      session.upload({ mappings: [{ source: test.config, target: '/x' }] }).done,
    ).rejects.toMatchObject({ code: 'login-refused' });
    await expect(test.connect()).rejects.toMatchObject({ code: 'login-refused' });
    expect(await (await connect()).closed()).toMatchObject({ code: 'login-refused' });
    expect(await trusted.tryLogin({})).toMatchObject({ errorCode: 0, account });
  });
});
