import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiHandlers, CommandName, Parameters } from '@jetstream/api';
import { ApiClient } from '@jetstream/api/client';
import { currentUser } from '@jetstream/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientSession } from '../../contract.ts';
import { apiCaller } from '../../testing/api-caller.ts';
import { TestServer } from '../../testing/test-server.ts';

let test: TestServer;

beforeAll(async () => {
  test = await TestServer.start({ api: { port: 0, host: '127.0.0.1' } });
  for (const [path, content] of [
    ['shared/a', 'content of a'],
    ['shared/deep/b', 'content of b'],
    ['secret', 'secret'],
  ] as const) {
    mkdirSync(join(test.sandbox, path, '..'), { recursive: true });
    writeFileSync(join(test.sandbox, path), content);
  }
  writeFileSync(join(test.source, 'mine'), 'mine');
});

afterEach(() => test.disconnect());

afterAll(() => test.end());

const caller = apiCaller();

type Handled = Extract<CommandName, keyof ApiHandlers>;

async function call<C extends Handled>(command: C, parameters: Partial<Parameters<C>>) {
  const handler = test.service.handlers[command] as ApiHandlers[C];
  const context = { signal: new AbortController().signal };
  return (await handler(parameters as never, caller, context)) as Awaited<ReturnType<ApiHandlers[C]>>;
}

/** In a directory of its own, as a session with this token. */
async function tokenSession(token: string, tokenPassword?: string): Promise<ClientSession> {
  return test.connect({ token, ...(tokenPassword !== undefined && { tokenPassword }) });
}

function apiClient(token: string): Promise<ApiClient> {
  return ApiClient.connect({
    host: '127.0.0.1',
    port: test.server.apiPort!,
    checkCertificate: () => undefined,
    login: { token },
  });
}

function download(session: ClientSession, source: string, target: string, transferId?: string) {
  const mappings = [{ source, target: join(test.base, target) }];
  return session.download({ mappings, ...(transferId !== undefined && { transferId }) }).done;
}

const upload = (session: ClientSession, target: string) =>
  session.upload({ mappings: [{ source: join(test.source, 'mine'), target }] }).done;

describe('a session by API token', () => {
  const create = (permissions: object, more: object = {}) =>
    call('createAPIToken', {
      ...{ description: '', path: '/shared', userData: {} },
      permissions: { upload: false, download: false, delete: false, share: false, ...permissions },
      ...more,
    });

  it('downloads and uploads beneath its path, and nowhere else', async () => {
    const { secret } = await create({ download: true, upload: true });
    const session = await tokenSession(secret!);
    expect(await session.loggedIn).toBe(currentUser().name);
    await download(session, '/a', 'got');
    expect(readFileSync(join(test.base, 'got'), 'utf8')).toBe('content of a');
    await upload(session, '/into/mine');
    expect(readFileSync(join(test.sandbox, 'shared/into/mine'), 'utf8')).toBe('mine');
    await expect(download(session, '/../secret', 'no')).rejects.toMatchObject({ code: 'path-refused' });
    const { failures } = await download(session, '/secret', 'no');
    expect(failures).toMatchObject([{ error: { code: 'not-found' } }]);
  });

  it('does what it is permitted alone', async () => {
    const { secret } = await create({ upload: true });
    const session = await tokenSession(secret!);
    await expect(download(session, '/a', 'no')).rejects.toMatchObject({ code: 'permission-denied' });
    const compared = session.upload({
      mappings: [{ source: join(test.source, 'mine'), target: '/a' }],
      verify: true,
    });
    await expect(compared.done).rejects.toMatchObject({ code: 'permission-denied' });
    await upload(session, '/mine');
    const reader = await tokenSession((await create({ download: true })).secret!);
    await expect(upload(reader, '/mine')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it('ends at once when the token is taken back', async () => {
    const { secret, token } = await create({ upload: true });
    const session = await tokenSession(secret!);
    const big = join(test.source, 'big');
    writeFileSync(big, Buffer.alloc(64 * 2 ** 20, 'x'));
    const running = session.upload({
      mappings: [{ source: big, target: '/big' }],
      ratePolicy: { capBitsPerSecond: 8_000_000 },
    });
    for await (const { ackedBytes } of running) if (ackedBytes > 0) break;
    await call('deleteAPIToken', { token });
    await expect(running.done).rejects.toMatchObject({ code: 'login-refused' });
  });

  it('does the same over HTTPS, until the token is taken back', async () => {
    const { secret, token } = await create({ download: true });
    const client = await apiClient(secret!);
    const { entries } = await client.work('lsAsync', { path: '/' });
    expect(entries.map(({ path }) => path)).toContain('/a');
    await expect(client.work('rmAsync', { path: '/a' })).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await expect(client.call('superuser', {})).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(client.call('getAPIToken', { token })).rejects.toMatchObject({ code: 'not-found' });
    await call('deleteAPIToken', { token });
    await expect(client.call('echo', { message: '' })).rejects.toMatchObject({ code: 'unauthenticated' });
    await client.close();
  });

  it('leaves nothing to go on of what the server was to send for it, when the token is taken back', async () => {
    const { secret, token } = await create({ download: true });
    const client = await apiClient(secret!);
    const { transfer, manifest } = await client.call('send.submitTransfer', {
      destination: { destinationAddress: '127.0.0.1', destinationPort: 9, password: 'none' },
      manifest: { fileMappings: ['/a:/a'] },
    });
    await client.waitForManifest(manifest.manifestId);
    const ended = new Promise<unknown>((resolve) => {
      test.service.context.events.on('transferUpdated', ({ status, errorCode }) => {
        if (status === 'cancelled') resolve(errorCode);
      });
    });
    await call('deleteAPIToken', { token });
    expect(await ended).toBe('permission-denied');
    await client.close();
    expect(await call('send.getTransfer', { transferId: transfer.transferId })).toMatchObject({
      status: 'cancelled',
      errorMessage: expect.stringContaining(token),
    });
  });

  it('takes the password of the token', async () => {
    const { secret } = await create({ download: true }, { password: 'pass' });
    await download(await tokenSession(secret!, 'pass'), '/a', 'got');
  });
});

describe('a session by shared link', () => {
  const share = async (more: object = {}) => {
    const { manifestId } = await call('send.createManifest', {
      fileMappings: [
        { source: '/shared/deep', target: '/all' },
        { source: '/shared/a', target: '/one' },
      ],
      symlinkMode: 'follow',
      userData: {},
    });
    await call('send.waitForManifest', { manifestId, timeoutMs: 10_000 });
    return call('send.createSharedToken', {
      ...{ description: '', manifestId, downloadLimit: null, userData: {} },
      ...more,
    });
  };
  const count = async (token: string) => (await call('send.getSharedToken', { token })).downloadCount;

  it('gets the files of the manifest, and is counted', async () => {
    const { secret, token } = await share();
    const session = await tokenSession(secret!);
    const summary = await download(session, '/', 'link');
    expect(summary).toMatchObject({ files: 2, failed: 0 });
    expect(readFileSync(join(test.base, 'link/all/b'), 'utf8')).toBe('content of b');
    expect(readFileSync(join(test.base, 'link/one'), 'utf8')).toBe('content of a');
    await session.close();
    expect(await count(token)).toBe(1);
  });

  it('[TR-8] gets nothing else, and uploads nothing', async () => {
    const session = await tokenSession((await share()).secret!);
    for (const source of ['/secret', '/shared', '', '/..']) {
      await expect(download(session, source, 'no')).rejects.toMatchObject({ code: 'permission-denied' });
    }
    const two = ['x', 'y'].map((name) => ({ source: '/', target: join(test.base, name) }));
    await expect(session.download({ mappings: two }).done).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await expect(upload(session, '/mine')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it('is counted once when it is interrupted and comes again, and ends with its limit', async () => {
    const { secret, token } = await share({ downloadLimit: 1 });
    const [id, other] = ['11'.repeat(16), '22'.repeat(16)];
    const first = await tokenSession(secret!);
    const interrupted = first.download({
      mappings: [{ source: '/', target: join(test.base, 'link') }],
      transferId: id,
    });
    interrupted.cancel();
    await interrupted.done.catch(() => undefined);
    const again = await tokenSession(secret!);
    await download(again, '/', 'link', id);
    await again.close();
    expect(await count(token)).toBe(1);
    const last = await tokenSession(secret!);
    for (const transferId of [id, other]) {
      await expect(download(last, '/', 'link', transferId)).rejects.toMatchObject({
        code: 'permission-denied',
      });
    }
  });
});
