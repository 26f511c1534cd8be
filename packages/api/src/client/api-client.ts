import { JetStreamError } from '@jetstream/protocol';
import { boundChallenge } from '../bound-challenge.ts';
import type { Answer, Arguments, CommandName, Result } from '../commands/commands.ts';
import type { Manifest } from '../schema/manifest.ts';
import type { Session } from '../schema/session.ts';
import type { Transfer } from '../schema/transfer.ts';
import { EventStream } from './event-stream.ts';
import { postJson } from './json-request.ts';
import { type CertificateCheck, PinnedAgent } from './pinned-agent.ts';

const API_PATH = '/api/v1';
const DEFAULT_PORT = 8_886;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** Longer than any answer is held back by a server. */
const DEFAULT_TIMEOUT_MS = 90_000;
const POLL_MS = 30_000;

/** How to log in. */
export type ApiLogin =
  | { user: string; password: string }
  /** Signs `loginSignatureInput(hash, user)` with each key that may be let in, best first; at most 16. */
  | { user: string; signLogin: SignLogin }
  | { token: string; tokenPassword?: string }
  /** A log-in that was made before. */
  | { sessionToken: string };

export type SignLogin = (
  hash: Uint8Array,
  user: string,
) => Promise<{ publicKey: Uint8Array; signature: Uint8Array }[]>;

export interface ApiClientOptions {
  /** Default localhost. */
  host?: string;
  /** Default 8886. */
  port?: number;
  /** Says whether a certificate is trusted. Nothing is sent before. */
  checkCertificate: CertificateCheck;
  /** Without it only what anybody may call can be called. */
  login?: ApiLogin;
  /** To the end of the TLS handshake. Default 10,000. */
  connectTimeoutMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Default 90,000. */
  timeoutMs?: number;
}

export type AsyncCommandName = Extract<CommandName, `${string}Async`>;

/** Drives a server over its HTTPS API. */
export class ApiClient implements AsyncDisposable {
  readonly #host: string;
  readonly #port: number;
  readonly #agent: PinnedAgent;
  #sessionToken: string | undefined;

  private constructor({ host = 'localhost', port = DEFAULT_PORT, ...options }: ApiClientOptions) {
    this.#host = host;
    this.#port = port;
    const { checkCertificate, connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS } = options;
    this.#agent = new PinnedAgent(checkCertificate, connectTimeoutMs);
  }

  /**
   * Logs in, if that is asked for. Without `login`, and with a `sessionToken`, the first call connects.
   * @throws JetStreamError `login-refused`, or as `call`
   */
  static async connect(options: ApiClientOptions): Promise<ApiClient> {
    const client = new ApiClient(options);
    try {
      if (options.login) await client.logIn(options.login);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Of the log-in, for a later client; undefined without one. It is a secret. */
  get sessionToken(): string | undefined {
    return this.#sessionToken;
  }

  /** Logs in, in place of any log-in before. @throws JetStreamError `login-refused`, or as `call` */
  async logIn(login: ApiLogin): Promise<void> {
    this.#sessionToken =
      'sessionToken' in login ? login.sessionToken : (await this.#newSession(login)).sessionToken;
  }

  /**
   * @returns what the server answers: for an …Async command the id of its request
   * @throws JetStreamError what the server answered, or `host-unreachable`, `host-unresolved`, `connection-lost`, `cancelled`,
   *   `protocol-violation`, or what the check of the certificate threw. After `connection-lost` the command may have been done
   */
  async call<C extends CommandName>(
    command: C,
    parameters: Arguments<C>,
    { signal, timeoutMs = DEFAULT_TIMEOUT_MS }: CallOptions = {},
  ): Promise<Answer<C>> {
    const answer = await postJson({
      host: this.#host,
      port: this.#port,
      path: `${API_PATH}/${command}`,
      agent: this.#agent,
      sessionToken: this.#sessionToken,
      body: parameters,
      timeoutMs,
      signal,
    });
    return answer as Answer<C>;
  }

  /** Calls an …Async command, and waits for what its work gives. @throws JetStreamError as `call`, or what the work threw */
  async work<C extends AsyncCommandName>(
    command: C,
    parameters: Arguments<C>,
    options: CallOptions = {},
  ): Promise<Result<C>> {
    const { requestId } = (await this.call(command, parameters, options)) as { requestId: string };
    return (await this.waitForRequest(requestId, options)) as Result<C>;
  }

  /** What the work of a request gives, however long it takes. @throws JetStreamError as `call`, or what the work threw */
  async waitForRequest(requestId: string, options: CallOptions = {}): Promise<unknown> {
    for (;;) {
      const { processing } = await this.call('getRequestStatus', { requestId }, options);
      try {
        return await this.call('getRequestResult', { requestId, timeoutMs: POLL_MS }, options);
      } catch (error) {
        const isNotDone = processing && error instanceof JetStreamError && error.code === 'limit-exceeded';
        if (!isNotDone) throw error;
      }
    }
  }

  /** Waits until a manifest is complete, or has failed. @throws JetStreamError as `call` */
  async waitForManifest(manifestId: string, options: CallOptions = {}): Promise<Manifest> {
    for (;;) {
      const manifest = await this.call('send.waitForManifest', { manifestId, timeoutMs: POLL_MS }, options);
      if (!manifest.processing) return manifest;
    }
  }

  /** Waits until a transfer is neither pending nor in progress. @throws JetStreamError as `call` */
  async waitForTransfer(transferId: string, options: CallOptions = {}): Promise<Transfer> {
    for (;;) {
      const transfer = await this.call('send.waitForTransfer', { transferId, timeoutMs: POLL_MS }, options);
      if (!transfer.processing) return transfer;
    }
  }

  /**
   * Events as they happen, of the objects that the log-in sees. @param events names; default all
   * @throws JetStreamError `unauthenticated` without a log-in, or as `call`
   */
  async subscribe({
    events,
    signal,
  }: {
    events?: readonly string[];
    signal?: AbortSignal;
  } = {}): Promise<EventStream> {
    const sessionToken = this.#sessionToken;
    if (sessionToken === undefined) throw new JetStreamError('unauthenticated', 'events need a log-in');
    return EventStream.open({
      host: this.#host,
      port: this.#port,
      path: `${API_PATH}/socket`,
      agent: this.#agent,
      sessionToken,
      events,
      signal,
    });
  }

  /** Ends the connections; the log-in lives on, until it was not used for an hour. */
  async close(): Promise<void> {
    this.#agent.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #newSession(login: Exclude<ApiLogin, { sessionToken: string }>): Promise<Session> {
    if ('token' in login) {
      const { token, tokenPassword } = login;
      return this.call('authToken', {
        token,
        ...(tokenPassword !== undefined && { password: tokenPassword }),
      });
    }
    const { user } = login;
    if ('password' in login) return this.call('auth', { user, password: login.password });
    const { challenge } = await this.call('authChallenge', {});
    const hash = boundChallenge(Buffer.from(challenge, 'base64'), await this.#agent.certificate());
    const offers = await login.signLogin(hash, user);
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    return this.call('authPublicKey', {
      user,
      challenge,
      offers: offers.map(({ publicKey, signature }) => ({
        publicKey: base64(publicKey),
        signature: base64(signature),
      })),
    });
  }
}
