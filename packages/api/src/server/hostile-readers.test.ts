import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApiServer } from '../testing/test-api-server.ts';
import { expectUndisturbed } from '../testing/undisturbed.ts';
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
    await expectUndisturbed(test, token);
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
    await expectUndisturbed(test, token);
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
    await expectUndisturbed(test, token);
  });

  it('is not for pages of other sites, nor anywhere else', async () => {
    await expect(test.openSocket(token, { origin: 'https://evil.example' })).rejects.toThrow('403');
    const own = await test.openSocket(token, { origin: `https://127.0.0.1:${test.port}` });
    own.socket.close();
  });
});
