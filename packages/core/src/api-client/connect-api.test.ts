import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiAuthenticator, ApiIdentity } from '@jetstream/api';
import {
  type ApiServer,
  type CheckedCertificate,
  checkCertificate,
  createCertificate,
  startApiServer,
} from '@jetstream/api/server';
import { loadOrCreateIdentity, loginSignatureInput, verifyLoginSignature } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiConnectOptions, connectApi } from './connect-api.ts';

let directory: string;
let server: ApiServer;
let certificate: CheckedCertificate;
let isListed = true;

const identity = (account: string): ApiIdentity => ({
  account,
  token: null,
  tokenSession: null,
  permissions: null,
  path: null,
});

/** Lets in by the password `right`, the token `t`, and the own key while it is listed. */
const authenticator: ApiAuthenticator = {
  async password(user, password) {
    if (password === 'right') return identity(user);
    throw new JetStreamError('login-refused', 'no');
  },
  async publicKey(user, offers, boundHash) {
    const { publicKeyBlob } = await loadOrCreateIdentity(directory);
    const own = offers.find(({ publicKey }) => Buffer.from(publicKey).equals(publicKeyBlob));
    const input = loginSignatureInput(boundHash, user);
    if (isListed && own && verifyLoginSignature(own.publicKey, own.signature, input)) return identity(user);
    throw new JetStreamError('login-refused', 'no');
  },
  async token(token, password) {
    if (token === 't') return identity(`by token, ${password}`);
    throw new JetStreamError('login-refused', 'no');
  },
  mayBeSuperuser: async () => false,
  mayBeWrangler: async () => false,
  isStillValid: () => true,
  mayGoOn: async () => true,
};

beforeAll(async () => {
  certificate = await newCertificate();
});
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-connect-api-'));
  isListed = true;
  server = await startApiServer({
    port: 0,
    host: '127.0.0.1',
    certificate,
    allowRemoteControl: true,
    handlers: { echo: (_message, { account }) => ({ message: account }) },
    authenticator,
    events: { subscribe: () => () => {} },
  });
});
afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function newCertificate(): Promise<CheckedCertificate> {
  return checkCertificate(await createCertificate(['localhost'], Date.now()), Date.now());
}

/** Who the server takes one for. */
async function whoami(options: Partial<ApiConnectOptions> = {}): Promise<string> {
  await using client = await connectApi({
    host: '127.0.0.1',
    port: server.port,
    user: 'ada',
    configDirectory: directory,
    environment: {},
    ...options,
  });
  return (await client.call('echo', { message: '' })).message;
}

describe('connecting to an API', () => {
  it('logs in with the token or the password of the environment, or else with a key', async () => {
    expect(await whoami()).toBe('ada');
    expect(await whoami({ environment: { JETSTREAM_API_PASSWORD: 'right' } })).toBe('ada');
    const environment = { JETSTREAM_API_TOKEN: 't', JETSTREAM_API_PASSWORD: 'p' };
    expect(await whoami({ environment })).toBe('by token, p');
    const wrong = whoami({ environment: { JETSTREAM_API_PASSWORD: 'wrong' } });
    await expect(wrong).rejects.toMatchObject({
      code: 'login-refused',
      message: expect.stringContaining('JETSTREAM_API_PASSWORD'),
    });
  });

  it('asks for a password when no key is let in, and somebody is there', async () => {
    isListed = false;
    await expect(whoami()).rejects.toMatchObject({ code: 'login-refused' });
    const askPassword = vi.fn(async () => 'right');
    expect(await whoami({ askPassword })).toBe('ada');
    expect(askPassword).toHaveBeenCalledWith('ada', '127.0.0.1');
  });

  it("remembers this machine's certificate unasked, and refuses another from then on", async () => {
    await whoami();
    const pins = readFileSync(join(directory, 'known_api_hosts'), 'utf8');
    expect(pins).toMatch(/^\[127\.0\.0\.1\]:\d+ sha256 [A-Za-z0-9+/]{43}=\n$/);
    server.setCertificate(await newCertificate());
    const changed = whoami({ unknownHost: 'accept-new' });
    await expect(changed).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining('CERTIFICATE CHANGED'),
    });
  });

  it('asks about the certificate of another machine', async () => {
    // A name of this machine that is none of those that are known to be.
    const host = '0.0.0.0';
    const refused = whoami({ host });
    await expect(refused).rejects.toMatchObject({ code: 'host-key-unknown' });
    await expect(whoami({ host, unknownHost: async () => false })).rejects.toMatchObject({
      code: 'host-key-unknown',
    });
    const ask = vi.fn(async () => true);
    expect(await whoami({ host, unknownHost: ask })).toBe('ada');
    expect(ask.mock.calls).toEqual([[{ name: host, fingerprint: expect.stringMatching(/^SHA256:/) }]]);
    expect(await whoami({ host })).toBe('ada');
  });
});
