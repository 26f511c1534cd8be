import { request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApiServer } from '../testing/test-api-server.ts';
import { AnswerMemory } from './answer-memory.ts';
import { API_LIMITS } from './limits.ts';

let test: TestApiServer;
let token: string;
beforeAll(async () => {
  test = await TestApiServer.start({
    limits: { socketBufferBytes: 128 * 1024, socketBusyBytes: 64 * 1024 },
  });
  token = await test.logIn('ann');
});
afterAll(() => test[Symbol.asyncDispose]());

/** Whatever was done to it, it goes on. */
async function expectUndisturbed(): Promise<void> {
  expect((await test.call('echo', { message: 'still here' }, token)).body).toEqual({ message: 'still here' });
  expect(test.faults).toEqual([]);
}

describe('arguments', () => {
  it.each([
    ['missing', 'echo', {}, 'message'],
    ['of a wrong type', 'echo', { message: 1 }, 'message'],
    ['out of range', 'sleep', { milliseconds: -1 }, 'milliseconds'],
    ['no number', 'sleep', '{"milliseconds":1e999}', 'milliseconds'],
    ['unknown', 'echo', { message: '', other: 1 }, 'other'],
    ['deep within', 'send.createManifest', { fileMappings: ['/a:/b', { srcPath: 1 }] }, /^fileMappings\[1\]/],
  ])('that are %s are named', async (_what, command, given, field) => {
    const handlers = { sleep: () => null, 'send.createManifest': () => undefined as never };
    await using other = await TestApiServer.start({ handlers });
    const { status, body } = await other.call(command, given, await other.logIn('ann'));
    expect([status, body.error.code]).toEqual([400, 'invalid-argument']);
    expect(body.error.field).toEqual(typeof field === 'string' ? field : expect.stringMatching(field));
    expect(body.error.message).toContain(body.error.field);
  });

  it.each(
    [
      ['{"message":', 'no JSON'],
      ['[]', 'expected object'],
      ['"x"', 'expected object'],
      ['{"message":"x"} {}', 'no JSON'],
      ['{"message":"x","__proto__":{"a":1}}', '__proto__'],
      ['{"message":"x","\\u005f_proto__":{"a":1}}', '__proto__'],
      ['{"message":"x","constructor":{"prototype":{"a":1}}}', 'constructor'],
      [`{"message":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'nested deeper than 32'],
      [`{"message":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 'nested deeper than 32'],
    ].map(([text, message]) => [text!.slice(0, 60), message!, text!] as const),
  )('of the form %s are refused', async (_shown, message, text) => {
    const { status, body } = await test.call('echo', text, token);
    expect([status, body.error.code]).toEqual([400, 'invalid-argument']);
    expect(body.error.message).toContain(message);
    await expectUndisturbed();
  });

  it('may hold brackets and quotes within text', async () => {
    const message = `${'['.repeat(100)}"\\${'{'.repeat(100)}`;
    expect((await test.call('echo', { message }, token)).body).toEqual({ message });
  });

  it('are JSON by their content type', async () => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'text/plain' };
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'nonsense',
      'application/json; charset=utf-16',
    ]) {
      const answer = await test.send('POST', '/api/v1/echo', {
        headers: { ...headers, 'content-type': type },
        body: '{"message":"x"}',
      });
      expect([type, answer.status]).toEqual([type, 400]);
    }
  });

  it.each(['no.such.command', 'toString', '__proto__', 'constructor', 'send', 'x'.repeat(60)])(
    'of the command %s, which there is not, are not looked at',
    async (command) => {
      const { status, body } = await test.call(command, '{', token);
      expect([status, body.error.code]).toEqual([404, 'not-found']);
    },
  );

  it.each(['/', '/api/v1/', '/api/v1/%ff', `/api/v1/${'x'.repeat(100)}`, '/api/v1/echo/more', '/../x'])(
    'to the path %s are refused',
    async (path) => {
      const { status } = await test.send('POST', path, { body: '{}' });
      expect([400, 404, 414]).toContain(status);
      await expectUndisturbed();
    },
  );
});

describe('a body', () => {
  it.each([
    ['stranger', 'auth', undefined],
    ['user', 'echo', 'ann'],
  ])('of a %s that is too large is refused before it has come', async (_who, command, user) => {
    const headers = {
      'content-type': 'application/json',
      ...(user && { authorization: `Bearer ${await test.logIn(user)}` }),
    };
    const before = process.memoryUsage();
    // One says how long it is, one does not.
    for (const length of [{ 'content-length': 2 ** 30 }, {}]) {
      const { status, sent } = await stream(command, 2 ** 30, { ...headers, ...length });
      expect(status).toBe(413);
      expect(sent).toBeLessThan(2 ** 30);
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(32 * 1024 * 1024);
    await expectUndisturbed();
  });

  it('may be as large as it may be', async () => {
    const message = 'x'.repeat(2 ** 20 - 100);
    expect((await test.call('echo', { message }, token)).body.error.field).toBe('message');
    const { status, body } = await test.call('echo', { message: 'x'.repeat(2 ** 20) }, token);
    expect([status, body.error.code, body.error.retryable]).toEqual([413, 'limit-exceeded', false]);
  });

  it('that is broken off harms nobody', async () => {
    const socket = await tls();
    socket.write(`POST /api/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"mess`);
    socket.destroy();
    await expectUndisturbed();
  });

  function stream(command: string, bytes: number, headers: Record<string, string | number>) {
    return new Promise<{ status: number; sent: number }>((resolve, reject) => {
      const chunk = Buffer.alloc(64 * 1024, 0x20);
      let sent = 0;
      let status = 0;
      const sending = request(
        {
          ...{ host: '127.0.0.1', port: test.port, method: 'POST', path: `/api/v1/${command}` },
          headers,
          rejectUnauthorized: false,
        },
        (response) => {
          status = response.statusCode ?? 0;
          response.resume();
        },
      );
      const more = () => {
        while (sent < bytes && !sending.destroyed) {
          sent += chunk.length;
          if (!sending.write(chunk)) return;
        }
      };
      sending.on('drain', more).on('close', () => resolve({ status, sent }));
      sending.on('error', (error) => {
        if (status === 0) reject(error);
      });
      more();
    });
  }
});

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
    await expectUndisturbed();
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
      const socket = await tls();
      socket.write(garbage);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await expectUndisturbed();
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

describe('an answer', () => {
  const limits = {
    smallAnswerBytes: 10,
    answerBytes: 1_000,
    answerBytesPerAccount: 1_500,
    answerMemoryBytes: 2_500,
  };
  const account = (answers: AnswerMemory, name: string) => answers.hold(name, 'x'.repeat(1_000));

  it.each([
    ['list', Array(200).fill('xxxx')],
    ['structure', { text: 'x'.repeat(2_000) }],
  ])('is no longer than it may be, as a %s', async (_what, long) => {
    await using other = await TestApiServer.start({
      limits,
      handlers: { getWranglers: () => long as never },
    });
    const bearer = await other.logIn('admin');
    await other.call('superuser', {}, bearer);
    const { status, body } = await other.call('getWranglers', {}, bearer);
    expect([status, body.error.code, body.error.retryable]).toEqual([429, 'limit-exceeded', false]);
    const socket = await other.openSocket(bearer);
    await socket.call('superuser');
    expect(await socket.call('getWranglers')).toMatchObject({ error: { code: 'limit-exceeded' } });
  });

  it('waits for its reader within bounds of the account and of all', () => {
    const answers = new AnswerMemory({ ...API_LIMITS, ...limits });
    const release = account(answers, 'ann');
    expect(() => account(answers, 'ann')).toThrow('too many large answers');
    account(answers, 'bob');
    expect(() => account(answers, 'eve')).toThrow('too many large answers');
    expect(answers.hold('eve', 'small')).toBeTypeOf('function');
    release();
    account(answers, 'ann');
  });
});

describe('a WebSocket', () => {
  it.each([
    ['text that is no JSON', '{'],
    ['JSON that is no message', '[]'],
    ['a message without an id', '{"command":"echo"}'],
    ['a message with more than there is', '{"id":1,"command":"echo","other":1}'],
    ['a key that changes prototypes', '{"id":1,"command":"echo","arguments":{"__proto__":{}}}'],
    ['nesting', `{"id":1,"command":"echo","arguments":{"a":${'['.repeat(9_999)}${']'.repeat(9_999)}}}`],
  ])('that gets %s is told so and closed', async (_what, text) => {
    const socket = await test.openSocket(token);
    socket.socket.send(text);
    expect(await socket.next()).toMatchObject({ id: null, error: { code: 'invalid-argument' } });
    expect((await socket.closed).code).toBe(1008);
    await expectUndisturbed();
  });

  it('that gets binary data, frames against the rules, or too much is closed', async () => {
    const [binary, broken, large] = [
      await test.openSocket(token),
      await test.openSocket(token),
      await test.openSocket(),
    ];
    binary.socket.send(Buffer.from('{"id":1,"command":"echo"}'));
    expect((await binary.closed).code).toBe(1003);
    (broken.socket as unknown as { _socket: Socket })._socket.write(Buffer.from([0xff, 0xff, 0x00, 0x01]));
    expect((await broken.closed).code).toBe(1002);
    large.socket.send(JSON.stringify({ id: 1, command: 'auth', arguments: { user: 'x'.repeat(70_000) } }));
    expect((await large.closed).code).toBe(1009);
    await expectUndisturbed();
  });

  it('has so many commands at once', async () => {
    const finish: (() => void)[] = [];
    await using slow = await TestApiServer.start({
      handlers: { sleep: () => new Promise((resolve) => finish.push(() => resolve(null))) },
      limits: { commandsPerSocket: 3 },
    });
    const socket = await slow.openSocket(await slow.logIn('ann'));
    const calls = [1, 2, 3, 4].map(() => socket.call('sleep', { milliseconds: 1 }));
    expect((await calls[3]).error.code).toBe('limit-exceeded');
    for (const end of finish) end();
    expect((await Promise.all(calls.slice(0, 3))).map(({ result }) => result)).toEqual([null, null, null]);
  });

  it('that is not read is closed by name, and what waits for it is bounded', async () => {
    const socket = await test.openSocket(token);
    await socket.call('subscribe');
    socket.socket.pause();
    const big = 'x'.repeat(64 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 2_000; count++) {
      test.emit({ _event: 'transferUpdated', owner: 'ann', big });
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    socket.socket.resume();
    expect(await socket.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('too slowly') });
    await expectUndisturbed();
  });

  it('is not for pages of other sites, nor anywhere else', async () => {
    await expect(test.openSocket(token, { origin: 'https://evil.example' })).rejects.toThrow('403');
    const own = await test.openSocket(token, { origin: `https://127.0.0.1:${test.port}` });
    own.socket.close();
  });
});

function tcp(port = test.port): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: '127.0.0.1', port }, () => resolve(socket.resume()));
    socket.once('error', reject).on('error', () => undefined);
  });
}

function tls(port = test.port): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(socket));
    socket.once('error', reject).on('error', () => undefined);
  });
}
