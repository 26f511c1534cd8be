import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tcp, tls } from '../testing/raw-connection.ts';
import { TestApiServer } from '../testing/test-api-server.ts';
import { expectUndisturbed } from '../testing/undisturbed.ts';

let test: TestApiServer;
let token: string;
beforeAll(async () => {
  test = await TestApiServer.start();
  token = await test.logIn('ann');
});
afterAll(() => test[Symbol.asyncDispose]());

describe.concurrent('a connection that takes its time', () => {
  let impatient: TestApiServer;
  beforeAll(async () => {
    impatient = await TestApiServer.start({
      limits: {
        headersTimeoutMs: 1_000,
        requestTimeoutMs: 1_000,
        tlsHandshakeTimeoutMs: 1_000,
        keepAliveTimeoutMs: 1_000,
        socketLoginTimeoutMs: 1_000,
      },
    });
  });
  afterAll(() => impatient[Symbol.asyncDispose]());

  const body = 'POST /api/v1/authChallenge HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n';
  it.for([
    ['to begin a TLS handshake', undefined],
    ['to send a request', ''],
    ['with its headers', 'POST /api/v1/echo HTTP/1.1\r\nhost: x\r\nx-'],
    ['with a body, not logged in', `${body}\r\n{`],
    ['with a body, logged in', `${body}authorization: Bearer TOKEN\r\n\r\n{`],
    ['to send the next request', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('%s is ended', async ([what, text]) => {
    const bearer = await impatient.logIn('ann');
    const socket = await (text === undefined ? tcp(impatient.port) : tls(impatient.port));
    if (text) socket.write(text.replace('TOKEN', bearer));
    const dribbles = what!.startsWith('with');
    const timer = dribbles ? setInterval(() => socket.write('x'), 100) : undefined;
    await new Promise((resolve) => socket.resume().once('close', resolve));
    clearInterval(timer);
  });

  it('to log in on a WebSocket is ended', async () => {
    const socket = await impatient.openSocket();
    expect(await socket.closed).toMatchObject({
      code: 1008,
      reason: expect.stringMatching(/^unauthenticated/),
    });
  });
});

describe('a connection', () => {
  it('with headers of more than 16 KiB is refused', async () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'y'.repeat(200)]));
    expect((await test.send('GET', '/healthz', { headers })).status).toBe(431);
    await expectUndisturbed(test, token);
  });

  it('on which too many requests wait for their answers is ended', async () => {
    await using slow = await TestApiServer.start({ handlers: { sleep: () => new Promise(() => undefined) } });
    const bearer = await slow.logIn('ann');
    const socket = await tls(slow.port);
    const body = '{"milliseconds":1}';
    const head = `POST /api/v1/sleep HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bearer}\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`.repeat(17));
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect((await slow.call('echo', { message: 'x' }, bearer)).status).toBe(200);
    await expect.poll(async () => (await slow.send('GET', '/metrics')).body).toMatch(/api_connections 1$/m);
  });

  it('that speaks no HTTP is ended', async () => {
    for (const garbage of [
      '\0\x01\x02 garbage\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ]) {
      const socket = await tls(test.port);
      socket.write(garbage);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await expectUndisturbed(test, token);
  });

  it('is one of so many from one place while nobody has logged in, and the others go on', async () => {
    const limits = { strangersOfThisMachine: 20, connections: 40 };
    await using full = await TestApiServer.start({ limits });
    const bearer = await full.logIn('ann');
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => tcp(full.port)));
    const open = () => sockets.filter((socket) => !socket.destroyed).length;
    await expect.poll(open, { timeout: 30_000 }).toBeLessThanOrEqual(20);
    expect(open()).toBeGreaterThan(0);
    expect((await full.call('echo', { message: 'x' }, bearer)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await full.send('GET', '/metrics')).body).toMatch(/api_connections 1$/m);
  });

  it('takes a hundred at once that have logged in', async () => {
    await using busy = await TestApiServer.start({
      limits: { strangersOfThisMachine: 1_000, connectionsPerAccount: 1_000 },
    });
    const bearer = await busy.logIn('ann');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => busy.call('echo', { message: `${n}` }, bearer)),
    );
    expect(answers.every(({ body }, n) => body.message === `${n}`)).toBe(true);
  });

  it('is one of so many of an account', async () => {
    await using other = await TestApiServer.start({ limits: { connectionsPerAccount: 2 } });
    const bearer = await other.logIn('ann');
    const sockets = [await other.openSocket(bearer), await other.openSocket(bearer)];
    await expect(other.openSocket(bearer)).rejects.toThrow('429');
    sockets[0]!.socket.close();
    await sockets[0]!.closed;
    await expect
      .poll(() =>
        other.openSocket(bearer).then(
          () => 'open',
          () => 'refused',
        ),
      )
      .toBe('open');
  });

  it.each([
    ['192.0.2.1', false],
    ['::ffff:192.0.2.1', false],
    ['2001:db8::1', false],
    ['', false],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
  ])('from %s comes where only this machine may come: %s', async (address, isLocal) => {
    await using local = await TestApiServer.start({ allowRemoteControl: false, addressOf: () => address });
    const { status, headers } = await local.call('getServerInfo');
    expect([status, headers.connection]).toEqual(isLocal ? [404, 'keep-alive'] : [403, 'close']);
    expect((await local.send('GET', '/metrics')).status).toBe(isLocal ? 200 : 403);
    const opened = local.openSocket().then(
      () => 'open',
      (error: Error) => error.message,
    );
    expect(await opened).toContain(isLocal ? 'open' : '403');
  });

  it('from elsewhere sees no metrics without a log-in', async () => {
    await using other = await TestApiServer.start({ addressOf: () => '192.0.2.1' });
    expect((await other.send('GET', '/metrics')).status).toBe(401);
    const headers = { authorization: `Bearer ${await other.logIn('rita')}` };
    expect((await other.send('GET', '/metrics', { headers })).status).toBe(200);
    other.authenticator.revoked.add('rita');
    expect((await other.send('GET', '/metrics', { headers })).status).toBe(401);
  });
});
