import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { JetStreamError } from '@jetstream/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { boundChallenge } from '../bound-challenge.ts';
import { checkCertificate } from '../server/certificate.ts';
import { createCertificate } from '../server/self-signed-certificate.ts';
import { ApiClient, type ApiClientOptions } from './api-client.ts';

const challenge = Buffer.alloc(32, 7);
const accept = () => {};

async function selfSigned(): Promise<{ key: string; cert: string; der: Uint8Array }> {
  const { certificate, key, der } = checkCertificate(
    await createCertificate(['localhost'], Date.now()),
    Date.now(),
  );
  return { key, cert: certificate, der };
}

interface Asked {
  command: string;
  authorization: string | undefined;
  parameters: Record<string, unknown>;
}

/** Answers as a server would, as far as a client can tell. */
class FakeServer {
  readonly asked: Asked[] = [];
  readonly #answers: Record<string, (parameters: Record<string, unknown>) => unknown>;
  readonly #server: Server;
  readonly sockets: WebSocketServer;

  constructor(
    certificate: { key: string; cert: string },
    answers: Record<string, (parameters: Record<string, unknown>) => unknown>,
  ) {
    this.#answers = answers;
    this.#server = createServer(certificate, async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const command = request.url!.replace('/api/v1/', '');
      const parameters = JSON.parse(body);
      this.asked.push({ command, authorization: request.headers.authorization, parameters });
      const answer = this.#answers[command]?.(parameters);
      if (answer instanceof JetStreamError) {
        const { code, message, field = null } = answer;
        response.writeHead(400).end(JSON.stringify({ error: { code, message, field } }));
      } else if (typeof answer === 'string') response.end(answer);
      else if (answer !== undefined) response.end(JSON.stringify(answer));
    });
    this.sockets = new WebSocketServer({ server: this.#server, path: '/api/v1/socket' });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  closeConnections(): void {
    this.#server.closeAllConnections();
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('a client of the API', () => {
  let certificate: Awaited<ReturnType<typeof selfSigned>>;
  let server: FakeServer;
  let port: number;
  let polls = 0;

  beforeAll(async () => {
    certificate = await selfSigned();
    server = new FakeServer(certificate, {
      authChallenge: () => ({ challenge: challenge.toString('base64') }),
      authPublicKey: () => ({ sessionToken: 'by-key' }),
      auth: ({ password }) =>
        password === 'right' ? { sessionToken: 'by-password' } : new JetStreamError('login-refused', 'no'),
      authToken: () => ({ sessionToken: 'by-token' }),
      echo: ({ message }) => ({ message }),
      getServerInfo: () => ({ serverName: 'a' }),
      'send.getTransfer': () =>
        new JetStreamError('invalid-argument', 'transferId is no good', { field: 'transferId' }),
      'send.waitForTransfer': () => ({ processing: ++polls < 3, status: 'complete' }),
      duAsync: () => ({ requestId: 'r' }),
      getRequestStatus: () => ({ processing: ++polls < 8 }),
      getRequestResult: () =>
        polls < 8 ? new JetStreamError('limit-exceeded', 'ask again') : { totalSize: 1 },
      getWranglers: () => '<html>',
      sleep: () => undefined,
    });
    port = await server.listen();
  });
  afterAll(() => server.close());

  const connect = (options: Partial<ApiClientOptions> = {}) =>
    ApiClient.connect({ host: '127.0.0.1', port, checkCertificate: accept, ...options });

  it('sends nothing before the certificate is accepted, and tells why it is not', async () => {
    const before = server.asked.length;
    const refuse = async ({ der, isVouchedFor }: { der: Uint8Array; isVouchedFor: boolean }) => {
      expect(Buffer.from(der).equals(Buffer.from(certificate.der))).toBe(true);
      expect(isVouchedFor).toBe(false);
      throw new JetStreamError('host-key-unknown', 'not known');
    };
    const login = { user: 'u', password: 'right' };
    await expect(connect({ checkCertificate: refuse, login })).rejects.toMatchObject({
      code: 'host-key-unknown',
    });
    expect(server.asked).toHaveLength(before);
  });

  it('connects once more when the server has given up while a person was asked', async () => {
    const clock = vi.spyOn(performance, 'now');
    const startMs = performance.now();
    const checkCertificate = vi.fn(async () => {
      server.closeConnections();
      clock.mockReturnValue(startMs + 60_000);
    });
    try {
      await using client = await connect({ checkCertificate });
      expect(await client.call('echo', { message: 'a' })).toEqual({ message: 'a' });
      expect(checkCertificate).toHaveBeenCalledTimes(1);
    } finally {
      clock.mockRestore();
    }
  });

  it('sends nothing to who shows another certificate later', async () => {
    const first = new FakeServer(certificate, { echo: ({ message }) => ({ message }) });
    const itsPort = await first.listen();
    await using client = await connect({ port: itsPort });
    await client.call('echo', { message: 'a' });
    first.close();
    const other = new FakeServer(await selfSigned(), { echo: ({ message }) => ({ message }) });
    try {
      await other.listen(itsPort);
      await expect(client.call('echo', { message: 'b' })).rejects.toMatchObject({ code: 'host-key-changed' });
      expect(other.asked).toHaveLength(0);
    } finally {
      other.close();
    }
  });

  it('logs in by password, token, key or an earlier session', async () => {
    const tokenOf = async (login: ApiClientOptions['login']) => {
      await using client = await connect({ login: login! });
      await client.call('echo', { message: 'x' });
      expect(server.asked.at(-1)?.authorization).toBe(`Bearer ${client.sessionToken}`);
      return client.sessionToken;
    };
    expect(await tokenOf({ user: 'u', password: 'right' })).toBe('by-password');
    expect(await tokenOf({ token: 't', tokenPassword: 'p' })).toBe('by-token');
    expect(await tokenOf({ sessionToken: 'old' })).toBe('old');
    const signLogin = async (hash: Uint8Array, user: string) => {
      expect(Buffer.from(hash).equals(boundChallenge(challenge, certificate.der))).toBe(true);
      expect(user).toBe('u');
      return [{ publicKey: Buffer.from('key'), signature: Buffer.from('signature') }];
    };
    expect(await tokenOf({ user: 'u', signLogin })).toBe('by-key');
    expect(server.asked.at(-2)?.parameters).toEqual({
      user: 'u',
      challenge: challenge.toString('base64'),
      offers: [{ publicKey: 'a2V5', signature: 'c2lnbmF0dXJl' }],
    });
    await expect(connect({ login: { user: 'u', password: 'wrong' } })).rejects.toMatchObject({
      code: 'login-refused',
    });
  });

  it('waits for transfers and for the work of …Async commands, however often it has to ask', async () => {
    await using client = await connect();
    expect(await client.waitForTransfer('t')).toMatchObject({ status: 'complete' });
    expect(await client.work('duAsync', { path: '/' })).toEqual({ totalSize: 1 });
  });

  it('throws what the server answered, and says what went wrong on the way', async () => {
    await using client = await connect();
    const failure = client.call('send.getTransfer', { transferId: 'x' });
    await expect(failure).rejects.toMatchObject({ code: 'invalid-argument', field: 'transferId' });
    await expect(client.call('getWranglers', {})).rejects.toMatchObject({ code: 'protocol-violation' });
    const slow = client.call('sleep', { milliseconds: 1 }, { timeoutMs: 50 });
    await expect(slow).rejects.toMatchObject({ code: 'connection-lost' });
    const signal = AbortSignal.abort();
    await expect(client.call('sleep', { milliseconds: 1 }, { signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await using nobody = await connect({ port: 1 });
    await expect(nobody.call('getServerInfo', {})).rejects.toMatchObject({ code: 'host-unreachable' });
    await using nowhere = await connect({ host: 'nowhere.invalid' });
    await expect(nowhere.call('getServerInfo', {})).rejects.toMatchObject({ code: 'host-unresolved' });
  });

  it('reads events, also those that come with the answer, until the connection is lost', async () => {
    await using client = await connect({ login: { sessionToken: 's' } });
    server.sockets.once('connection', (socket, request) => {
      expect(request.headers.authorization).toBe('Bearer s');
      socket.once('message', (text) => {
        expect(JSON.parse(String(text))).toEqual({
          id: 1,
          command: 'subscribe',
          arguments: { events: ['e'] },
        });
        socket.send(JSON.stringify({ id: 1, result: null }));
        socket.send(JSON.stringify({ event: { _event: 'e', _timestamp: 1 } }));
        socket.send(JSON.stringify({ event: { _event: 'e', _timestamp: 2 } }));
        socket.close();
      });
    });
    const seen: number[] = [];
    const read = async () => {
      for await (const { _timestamp } of await client.subscribe({ events: ['e'] })) seen.push(_timestamp);
    };
    await expect(read()).rejects.toMatchObject({ code: 'connection-lost' });
    expect(seen).toEqual([1, 2]);
  });

  it('ends a subscription when told, and throws when it is refused', async () => {
    await using client = await connect({ login: { sessionToken: 's' } });
    server.sockets.once('connection', (socket) =>
      socket.once('message', () => socket.send(JSON.stringify({ id: 1, result: null }))),
    );
    const stop = new AbortController();
    const stream = await client.subscribe({ signal: stop.signal });
    const ended = (async () => {
      for await (const _event of stream);
    })();
    stop.abort();
    await ended;

    server.sockets.once('connection', (socket) =>
      socket.once('message', () =>
        socket.send(JSON.stringify({ id: 1, error: { code: 'unauthenticated', message: 'no' } })),
      ),
    );
    await expect(client.subscribe()).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
