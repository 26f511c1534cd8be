import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { JetStreamError } from '@jetstream/protocol';
import { WebSocket } from 'ws';
import type { ApiAuthenticator, ApiEvent, ApiHandlers, ApiIdentity } from '../contract.ts';
import { API_PATH } from '../openapi/open-api-document.ts';
import type { Session } from '../schema/session.ts';
import { type ApiServer, type ApiServerOptions, startApiServer } from '../server/api-server.ts';
import { type CheckedCertificate, checkCertificate } from '../server/certificate.ts';
import { createCertificate } from '../server/self-signed-certificate.ts';

export const identity = (account: string, token: string | null = null): ApiIdentity => ({
  account,
  token,
  tokenSession: token && 'session-of-token',
  permissions: null,
  path: null,
});

/** Lets everybody in whose password is `secret`; `admin` may be superuser. */
export class FakeAuthenticator implements ApiAuthenticator {
  readonly revoked = new Set<string>();
  /** As `revoked`, but not known without asking. */
  readonly outOfUse = new Set<string>();
  readonly superusers = new Set(['admin']);
  boundHash: Uint8Array | undefined;

  async password(user: string, password: string): Promise<ApiIdentity> {
    if (password !== 'secret') throw new JetStreamError('login-refused', 'the server does not let you in');
    return identity(user);
  }

  async publicKey(user: string, _offers: unknown, boundHash: Uint8Array): Promise<ApiIdentity> {
    this.boundHash = boundHash;
    return identity(user);
  }

  async token(token: string): Promise<ApiIdentity> {
    return identity('ann', token);
  }

  async mayBeSuperuser(account: string): Promise<boolean> {
    return this.superusers.has(account);
  }

  async mayBeWrangler(account: string): Promise<boolean> {
    return account === 'wendy';
  }

  isStillValid({ account }: ApiIdentity): boolean {
    return !this.revoked.has(account);
  }

  async mayGoOn(identity: ApiIdentity): Promise<boolean> {
    return this.isStillValid(identity) && !this.outOfUse.has(identity.account);
  }
}

let certificate: CheckedCertificate | undefined;
export async function testCertificate(): Promise<CheckedCertificate> {
  certificate ??= checkCertificate(
    await createCertificate(['localhost', '127.0.0.1'], Date.now()),
    Date.now(),
  );
  return certificate;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says is looked at by the test
  body: any;
}

/** An API on a port of its own, and ways to talk to it. */
export class TestApiServer implements AsyncDisposable {
  readonly authenticator = new FakeAuthenticator();
  readonly faults: unknown[] = [];
  readonly agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  readonly #listeners = new Set<(event: ApiEvent) => void>();
  readonly #webSockets: WebSocket[] = [];
  nowMs = 0;
  server!: ApiServer;

  static async start(options: Partial<ApiServerOptions> = {}): Promise<TestApiServer> {
    const test = new TestApiServer();
    const handlers: Partial<ApiHandlers> = {
      echo: ({ message }) => ({ message }),
      terminate: () => null,
      garbageCollect: () => {
        throw new Error('a secret of the inside');
      },
      ...options.handlers,
    };
    test.server = await startApiServer({
      port: 0,
      host: '127.0.0.1',
      certificate: await testCertificate(),
      allowRemoteControl: true,
      authenticator: test.authenticator,
      events: {
        subscribe: (listener) => {
          test.#listeners.add(listener);
          return () => test.#listeners.delete(listener);
        },
      },
      nowMs: () => test.nowMs,
      onFault: (error) => test.faults.push(error),
      ...options,
      handlers,
    });
    return test;
  }

  get port(): number {
    return this.server.port;
  }

  emit(event: Omit<ApiEvent, '_timestamp'> & { _event: string }): void {
    for (const listener of this.#listeners) listener({ ...event, _timestamp: 1 } as ApiEvent);
  }

  call(command: string, given: unknown = {}, token?: string): Promise<Answer> {
    return this.send('POST', `${API_PATH}/${command}`, {
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: typeof given === 'string' ? given : JSON.stringify(given),
    });
  }

  async logIn(user: string): Promise<string> {
    const { body } = await this.call('auth', { user, password: 'secret' });
    return (body as Session).sessionToken;
  }

  send(
    method: string,
    path: string,
    { headers = {}, body = '' }: { headers?: OutgoingHttpHeaders; body?: string } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: this.agent },
        async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk);
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: isJson ? JSON.parse(text) : text,
          });
        },
      );
      sent.once('error', reject).end(body);
    });
  }

  async openSocket(token?: string, headers: Record<string, string> = {}): Promise<TestWebSocket> {
    const socket = new WebSocket(`wss://127.0.0.1:${this.port}${API_PATH}/socket`, {
      rejectUnauthorized: false,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
    this.#webSockets.push(socket);
    const opened = new TestWebSocket(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#webSockets) socket.terminate();
    this.agent.destroy();
    await this.server.close();
  }
}

export class TestWebSocket {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly messages: any[] = [];
  #waiting: (() => void)[] = [];
  #nextId = 1;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  /** The next message that fits, which is taken away. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async next(fits: (message: any) => boolean = () => true): Promise<any> {
    for (;;) {
      const index = this.messages.findIndex(fits);
      if (index >= 0) return this.messages.splice(index, 1)[0];
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async call(command: string, given: object = {}): Promise<any> {
    const id = this.#nextId++;
    this.socket.send(JSON.stringify({ id, command, arguments: given }));
    return this.next((message) => message.id === id);
  }
}
