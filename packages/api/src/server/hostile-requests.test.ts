import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tls } from '../testing/raw-connection.ts';
import { TestApiServer } from '../testing/test-api-server.ts';
import { expectUndisturbed } from '../testing/undisturbed.ts';

let test: TestApiServer;
let token: string;
beforeAll(async () => {
  test = await TestApiServer.start();
  token = await test.logIn('ann');
});
afterAll(() => test[Symbol.asyncDispose]());

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
    await expectUndisturbed(test, token);
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
      await expectUndisturbed(test, token);
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
    await expectUndisturbed(test, token);
  });

  it('may be as large as it may be', async () => {
    const message = 'x'.repeat(2 ** 20 - 100);
    expect((await test.call('echo', { message }, token)).body.error.field).toBe('message');
    const { status, body } = await test.call('echo', { message: 'x'.repeat(2 ** 20) }, token);
    expect([status, body.error.code, body.error.retryable]).toEqual([413, 'limit-exceeded', false]);
  });

  it('that is broken off harms nobody', async () => {
    const socket = await tls(test.port);
    socket.write(`POST /api/v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"mess`);
    socket.destroy();
    await expectUndisturbed(test, token);
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
