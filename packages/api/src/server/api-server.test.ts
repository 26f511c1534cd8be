import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { boundChallenge } from '../bound-challenge.ts';
import type { ApiHandlers } from '../contract.ts';
import { TestApiServer, testCertificate } from '../testing/test-api-server.ts';

let test: TestApiServer;
const finish: (() => void)[] = [];
const finishAll = () => {
  for (const end of finish.splice(0)) end();
};
beforeAll(async () => {
  test = await TestApiServer.start({
    handlers: {
      sleep: (_parameters, _caller, { signal }) =>
        new Promise((resolve) => {
          finish.push(() => resolve(null));
          signal.addEventListener('abort', () => resolve(null));
        }),
      setLicenseKeyAsync: ({ licenseKey }) =>
        new Promise((resolve) => finish.push(() => resolve({ licensed: true, license: licenseKey }))),
    },
  });
});
afterAll(() => test[Symbol.asyncDispose]());

const codeOf = ({ status, body }: { status: number; body: { error?: { code: string } } }) => [
  status,
  body.error?.code,
];

describe('the session of a bearer', () => {
  it('begins with a log-in and ends with logout', async () => {
    const token = await test.logIn('ann');
    expect(codeOf(await test.call('echo', { message: 'x' }))).toEqual([401, 'unauthenticated']);
    expect((await test.call('echo', { message: 'x' }, token)).body).toEqual({ message: 'x' });
    expect((await test.call('logout', {}, token)).body).toBe(null);
    expect(codeOf(await test.call('echo', { message: 'x' }, token))).toEqual([401, 'unauthenticated']);
  });

  it('is not begun by a wrong password', async () => {
    const answer = await test.call('auth', { user: 'ann', password: 'wrong' });
    expect(codeOf(answer)).toEqual([401, 'login-refused']);
    expect(JSON.stringify(answer.body)).not.toContain('wrong');
  });

  it('ends when it is not used, and at its age', async () => {
    const idle = await test.logIn('ann');
    test.nowMs += 3_599_000;
    const used = await test.logIn('ann');
    test.nowMs += 1_001;
    expect((await test.call('echo', { message: '' }, idle)).status).toBe(401);
    for (let hours = 0; hours < 23.5; hours += 0.5) {
      test.nowMs += 1_800_000;
      expect((await test.call('echo', { message: '' }, used)).status).toBe(200);
    }
    test.nowMs += 1_800_000;
    expect((await test.call('echo', { message: '' }, used)).status).toBe(401);
  });

  it('ends when its log-in is taken back', async () => {
    const token = await test.logIn('rita');
    test.authenticator.revoked.add('rita');
    expect((await test.call('echo', { message: '' }, token)).status).toBe(401);
    test.authenticator.revoked.delete('rita');
    expect((await test.call('echo', { message: '' }, token)).status).toBe(401);
  });

  it('ends when it is found that its account may not be used any more', async () => {
    const token = await test.logIn('rita');
    test.authenticator.outOfUse.add('rita');
    const both = [test.call('echo', { message: '' }, token), test.call('echo', { message: '' }, token)];
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([401, 401]);
    test.authenticator.outOfUse.delete('rita');
    expect((await test.call('echo', { message: '' }, token)).status).toBe(401);
  });

  it('makes room for itself at the cost of the one of its account that was unused for longest', async () => {
    const first = await test.logIn('many');
    const second = await test.logIn('many');
    const others = await test.logIn('ann');
    await test.call('echo', { message: '' }, first);
    for (let count = 0; count < 255; count++) await test.logIn('many');
    expect((await test.call('echo', { message: '' }, second)).status).toBe(401);
    expect((await test.call('echo', { message: '' }, first)).status).toBe(200);
    expect((await test.call('echo', { message: '' }, others)).status).toBe(200);
  });

  it('is raised alone, and only where that is allowed', async () => {
    const [raised, plain] = [await test.logIn('admin'), await test.logIn('admin')];
    expect(codeOf(await test.call('terminate', {}, raised))).toEqual([403, 'permission-denied']);
    expect((await test.call('superuser', {}, raised)).body).toMatchObject({
      superuser: true,
      sessionToken: raised,
    });
    expect((await test.call('terminate', {}, raised)).status).toBe(200);
    expect((await test.call('terminate', {}, plain)).status).toBe(403);
    expect(codeOf(await test.call('superuser', {}, await test.logIn('ann')))).toEqual([
      403,
      'permission-denied',
    ]);
    expect((await test.call('wrangler', {}, raised)).body).toMatchObject({ wrangler: true });

    test.authenticator.superusers.delete('admin');
    test.nowMs += 10_000;
    expect((await test.call('terminate', {}, raised)).status).toBe(403);
    test.authenticator.superusers.add('admin');
  });

  it('of an API token is never raised', async () => {
    const { body } = await test.call('authToken', { token: 't' });
    test.authenticator.superusers.add('ann');
    expect((await test.call('superuser', {}, body.sessionToken)).status).toBe(403);
    test.authenticator.superusers.delete('ann');
  });
});

describe('a log-in by key', () => {
  const offers = [{ publicKey: 'AAAA', signature: 'AAAA' }];
  const challengeOf = async () => (await test.call('authChallenge')).body.challenge as string;
  const logIn = (challenge: string) => test.call('authPublicKey', { user: 'ann', challenge, offers });

  it('is bound to the challenge and to the certificate', async () => {
    const challenge = await challengeOf();
    expect((await logIn(challenge)).body).toMatchObject({ account: 'ann' });
    const { der } = await testCertificate();
    expect(test.authenticator.boundHash).toEqual(boundChallenge(Buffer.from(challenge, 'base64'), der));
  });

  it('takes a challenge once, within 30 s, and none that it did not give', async () => {
    const [used, old] = [await challengeOf(), await challengeOf()];
    await logIn(used);
    expect(codeOf(await logIn(used))).toEqual([401, 'login-refused']);
    test.nowMs += 30_001;
    expect(codeOf(await logIn(old))).toEqual([401, 'login-refused']);
    const forged = Buffer.from(await challengeOf(), 'base64');
    forged[20]! ^= 1;
    expect(codeOf(await logIn(forged.toString('base64')))).toEqual([401, 'login-refused']);
    expect(codeOf(await logIn('AAAA'))).toEqual([401, 'login-refused']);
  });
});

describe('work of an Async command', () => {
  it('goes on by itself and is told of to its owner alone', async () => {
    const [admin, other] = [await test.logIn('admin'), await test.logIn('ann')];
    await test.call('superuser', {}, admin);
    const { requestId } = (await test.call('setLicenseKeyAsync', { licenseKey: 'k' }, admin)).body;
    expect((await test.call('getRequestStatus', { requestId }, admin)).body).toMatchObject({
      status: 'processing',
    });
    const poll = { requestId, timeoutMs: 0 };
    expect(codeOf(await test.call('getRequestResult', poll, admin))).toEqual([429, 'limit-exceeded']);
    for (const command of ['getRequestStatus', 'getRequestResult']) {
      expect(codeOf(await test.call(command, { requestId }, other))).toEqual([404, 'not-found']);
    }
    const result = test.call('getRequestResult', { requestId }, admin);
    finishAll();
    expect((await result).body).toEqual({ licensed: true, license: 'k' });
    expect((await test.call('getRequestStatus', { requestId }, admin)).body).toMatchObject({
      status: 'complete',
    });
    test.nowMs += 3_590_000;
    await test.call('echo', { message: '' }, admin);
    test.nowMs += 10_001;
    expect((await test.call('getRequestStatus', { requestId }, admin)).status).toBe(404);
  });

  it('is aborted when its owner is let in no more, and nobody else’s', async () => {
    const signals: AbortSignal[] = [];
    const handlers: Partial<ApiHandlers> = {
      lsRootsAsync: (_none, _caller, { signal }) => {
        signals.push(signal);
        return once(signal, 'abort').then(() => []);
      },
    };
    await using other = await TestApiServer.start({ handlers });
    const { sessionToken } = (await other.call('authToken', { token: 't' })).body;
    for (const token of [sessionToken, await other.logIn('ann')]) await other.call('lsRootsAsync', {}, token);
    other.server.abortRequests({ account: 'ann', token: 't' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it('can be a log-in', async () => {
    const { requestId } = (await test.call('authAsync', { user: 'ann', password: 'secret' })).body;
    const { sessionToken } = (await test.call('getRequestResult', { requestId })).body;
    expect((await test.call('echo', { message: '' }, sessionToken)).status).toBe(200);
  });

  it('can be a log-in on a WebSocket, which is another one when it is done', async () => {
    const socket = await test.openSocket();
    const { result } = await socket.call('authAsync', { user: 'ann', password: 'secret' });
    const answer = await socket.call('getRequestResult', { requestId: result.requestId });
    expect(answer.result).toMatchObject({ account: 'ann' });
    expect((await socket.call('echo', { message: 'x' })).result).toEqual({ message: 'x' });
  });

  it('keeps results of so many bytes, the oldest going first', async () => {
    const limits = { resultBytesPerAccount: 250 };
    const handlers = { lsRootsAsync: async () => [{ name: 'x'.repeat(80), path: '/' }] };
    await using other = await TestApiServer.start({ limits, handlers });
    const token = await other.logIn('ann');
    const ids: string[] = [];
    for (let count = 0; count < 4; count++)
      ids.push((await other.call('lsRootsAsync', {}, token)).body.requestId);
    const answers = await Promise.all(
      ids.map((requestId) => other.call('getRequestResult', { requestId }, token)),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 200, 200]);
  });

  it('is bounded', async () => {
    const token = await test.logIn('admin');
    await test.call('superuser', {}, token);
    const start = () => test.call('setLicenseKeyAsync', { licenseKey: 'k' }, token);
    for (let count = 0; count < 256; count++) await start();
    expect(codeOf(await start())).toEqual([429, 'limit-exceeded']);
    finishAll();
    expect((await start()).status).toBe(200);
    finishAll();
  });
});

describe('a WebSocket', () => {
  it('answers each command by its id, and has a session that ends with it', async () => {
    const socket = await test.openSocket();
    expect((await socket.call('echo', { message: 'x' })).error.code).toBe('unauthenticated');
    const { sessionToken } = (await socket.call('auth', { user: 'ann', password: 'secret' })).result;
    expect(await socket.call('echo', { message: 'x' })).toEqual({ id: 3, result: { message: 'x' } });
    expect((await test.call('echo', { message: '' }, sessionToken)).status).toBe(200);
    socket.socket.close();
    await expect.poll(async () => (await test.call('echo', { message: '' }, sessionToken)).status).toBe(401);
  });

  it('that is opened with a session leaves it', async () => {
    const token = await test.logIn('ann');
    const socket = await test.openSocket(token);
    expect((await socket.call('echo', { message: 'x' })).result).toEqual({ message: 'x' });
    socket.socket.close();
    await socket.closed;
    expect((await test.call('echo', { message: '' }, token)).status).toBe(200);
  });

  it('brings events to those whom they concern', async () => {
    const open = async (user: string, role?: string, events?: string[]) => {
      const socket = await test.openSocket(await test.logIn(user));
      if (role) await socket.call(role);
      expect(await socket.call('subscribe', events && { events })).toMatchObject({ result: null });
      return socket;
    };
    const [ann, some, bob, admin, wendy] = [
      await open('ann'),
      await open('ann', undefined, ['manifestCreated']),
      await open('bob'),
      await open('admin', 'superuser'),
      await open('wendy', 'wrangler'),
    ];
    test.emit({ _event: 'transferUpdated', owner: 'ann', transferId: '1' });
    test.emit({ _event: 'manifestCreated', owner: 'ann' });
    test.emit({ _event: 'serverStarted', owner: null });
    test.emit({ _event: 'transferUpdated', owner: 'bob' });
    const heard = async (socket: typeof ann, count: number) => {
      const events: string[] = [];
      while (events.length < count) events.push((await socket.next()).event._event);
      await socket.call('unsubscribe');
      expect(socket.messages).toEqual([]);
      return events;
    };
    expect(await heard(ann, 2)).toEqual(['transferUpdated', 'manifestCreated']);
    expect(await heard(some, 1)).toEqual(['manifestCreated']);
    expect(await heard(bob, 1)).toEqual(['transferUpdated']);
    expect(await heard(admin, 4)).toHaveLength(4);
    expect(await heard(wendy, 4)).toHaveLength(4);
    test.emit({ _event: 'transferUpdated', owner: 'bob' });
    await bob.call('echo', { message: '' });
    expect(bob.messages).toEqual([]);
  });

  it('brings none of others to who is no longer superuser, though no command of his asks', async () => {
    await using other = await TestApiServer.start();
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const socket = await other.openSocket(await other.logIn('admin'));
    await socket.call('superuser');
    await socket.call('subscribe');
    other.authenticator.superusers.delete('admin');
    other.nowMs += 10_001;
    const ping = once(socket.socket, 'ping');
    vi.advanceTimersByTime(30_000);
    vi.useRealTimers();
    await ping;
    other.emit({ _event: 'transferUpdated', owner: 'bob' });
    await socket.call('echo', { message: '' });
    expect(socket.messages).toEqual([]);
  });

  it('brings none to who is no longer let in', async () => {
    const socket = await test.openSocket(await test.logIn('rita'));
    await socket.call('subscribe');
    test.authenticator.revoked.add('rita');
    test.emit({ _event: 'transferUpdated', owner: 'rita' });
    expect((await socket.call('echo', { message: '' })).error.code).toBe('unauthenticated');
    expect(socket.messages).toEqual([]);
    test.authenticator.revoked.delete('rita');
  });
});

describe('what an operator asks for', () => {
  it('is health, without a log-in', async () => {
    expect(await test.send('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is metrics of every command, by status', async () => {
    await test.call('echo', { message: 'x' }, await test.logIn('ann'));
    await test.call('no.such.command');
    const { status, body } = await test.send('GET', '/metrics');
    expect(status).toBe(200);
    expect(body).toMatch(/jetstream_api_request_duration_seconds_count\{command="echo",status="200"\} \d/);
    expect(body).toMatch(/jetstream_api_request_duration_seconds_count\{command="unknown",status="404"\} 1/);
    expect(body).toMatch(/^jetstream_api_sessions \d/m);
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
  });

  it('is the OpenAPI document', async () => {
    const { body } = await test.send('GET', '/api/v1/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
  });
});

it('tells nothing of its inside when something fails there', async () => {
  const token = await test.logIn('admin');
  await test.call('superuser', {}, token);
  const answer = await test.call('garbageCollect', {}, token);
  expect(codeOf(answer)).toEqual([500, 'internal']);
  expect(JSON.stringify(answer.body)).not.toContain('secret');
  expect(test.faults).toHaveLength(1);
  const socket = await test.openSocket(token);
  expect((await socket.call('garbageCollect')).error).toEqual(answer.body.error);
  expect(test.faults).toHaveLength(2);
});

it('shows a new certificate to those who come after it', async () => {
  const { checkCertificate } = await import('./certificate.ts');
  const { createCertificate } = await import('./self-signed-certificate.ts');
  const renewed = checkCertificate(await createCertificate(['other'], Date.now()), Date.now());
  test.server.setCertificate(renewed);
  const { connect } = await import('node:tls');
  const socket = connect({ host: '127.0.0.1', port: test.port, rejectUnauthorized: false });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  expect(new Uint8Array(socket.getPeerCertificate().raw)).toEqual(new Uint8Array(renewed.der));
  socket.destroy();
  test.server.setCertificate(await testCertificate());
});

it('refuses what is new while it closes, by name, and lets what runs end', async () => {
  await using closing = await TestApiServer.start({
    handlers: { sleep: () => new Promise((resolve) => finish.push(() => resolve(null))) },
  });
  const token = await closing.logIn('ann');
  const socket = await closing.openSocket(token);
  const running = closing.call('sleep', { milliseconds: 1 }, token);
  while (finish.length === 0) await new Promise((resolve) => setImmediate(resolve));
  closing.server.refuse();
  expect(codeOf(await closing.call('echo', { message: '' }, token))).toEqual([503, 'server-closing']);
  expect(await closing.send('GET', '/healthz')).toMatchObject({ status: 503 });
  expect(await socket.closed).toEqual({ code: 1001, reason: 'server-closing' });
  finishAll();
  expect((await running).status).toBe(200);
});

it('waits for nothing when it closes: commands that run are told, and connections end', async () => {
  let told = false;
  const closing = await TestApiServer.start({
    handlers: {
      sleep: (_parameters, _caller, { signal }) =>
        new Promise(() => {
          finish.push(() => undefined);
          signal.addEventListener('abort', () => {
            told = true;
          });
        }),
    },
  });
  finishAll();
  const running = closing.call('sleep', { milliseconds: 1 }, await closing.logIn('ann'));
  running.catch(() => undefined);
  while (finish.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await closing.server.close();
  await expect(running).rejects.toThrow();
  expect(told).toBe(true);
  closing.agent.destroy();
  finishAll();
});
