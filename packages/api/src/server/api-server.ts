import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { JetStreamError } from '@jetstream/protocol';
import { fastify } from 'fastify';
import { WebSocketServer } from 'ws';
import type { ApiAuthenticator, ApiEvents, ApiHandlers, ApiIdentity } from '../contract.ts';
import { httpStatusOf } from '../errors.ts';
import { API_PATH } from '../openapi/open-api-document.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { CheckedCertificate } from './certificate.ts';
import { CommandCalls } from './command-calls.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { addRoutes } from './http-routes.ts';
import { API_LIMITS, type ApiLimits } from './limits.ts';
import { ApiMetrics, type MetricSource } from './metrics.ts';
import type { Peer } from './peer.ts';
import { hostIn, isLoopback, plainAddress } from './peer-address.ts';
import { Requests } from './requests.ts';
import { requestOwner, type SessionParts } from './session-commands.ts';
import { Sessions } from './sessions.ts';
import { ApiSocket } from './web-socket.ts';

export interface ApiServerOptions {
  /** 0 picks a free one. */
  port: number;
  /** Default: all addresses. */
  host?: string | undefined;
  certificate: CheckedCertificate;
  /** false: peers on other machines are refused. */
  allowRemoteControl: boolean;
  handlers: Partial<ApiHandlers>;
  authenticator: ApiAuthenticator;
  events: ApiEvents;
  /** Figures of the rest of the server, for `/metrics`. */
  metricSources?: readonly MetricSource[];
  /** Commands wait for it. */
  ready?: Promise<void>;
  limits?: Partial<ApiLimits>;
  /** Of a monotonic clock, in milliseconds. */
  nowMs?: () => number;
  /** Where a peer is; default: as its socket says. */
  addressOf?: (socket: Socket) => string | undefined;
  /** Told of faults of ours, and where. */
  onFault?: (error: unknown, where: string) => void;
}

/** A running API. */
export interface ApiServer {
  readonly port: number;
  /** Connections from now on are shown this one. */
  setCertificate(certificate: CheckedCertificate): void;
  /** Aborts the work of `…Async` commands that somebody has begun, who is let in no more. */
  abortRequests(identity: Pick<ApiIdentity, 'account' | 'token'>): void;
  /** Refuses whatever comes from now on with `server-closing`, and closes WebSockets. What runs goes on. */
  refuse(): void;
  /** Ends what runs, and closes all connections. */
  close(): Promise<void>;
}

/**
 * Answers commands over HTTPS and WebSockets.
 * @throws JetStreamError `address-in-use`, `permission-denied`, `host-unreachable`, `host-unresolved`
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const server = new HttpsApiServer(options);
  try {
    await server.listen(options.port, options.host);
  } catch (error) {
    await server.close();
    throw listenError(error, options);
  }
  return server;
}

class HttpsApiServer implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #limits: ApiLimits;
  readonly #nowMs: () => number;
  readonly #parts: SessionParts;
  readonly #calls: CommandCalls;
  readonly #answers: AnswerMemory;
  readonly #connections: ConnectionLimits;
  readonly #metrics: ApiMetrics;
  readonly #https: Server;
  readonly #app: ReturnType<typeof fastify>;
  /** By whether a session was shown when the WebSocket was opened. */
  readonly #webSockets: { strangers: WebSocketServer; loggedIn: WebSocketServer };
  readonly #sockets = new Set<ApiSocket>();
  readonly #stopEvents: () => void;
  #certificate: CheckedCertificate;
  #closing = false;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#limits = { ...API_LIMITS, ...options.limits };
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#certificate = options.certificate;
    this.#parts = {
      authenticator: options.authenticator,
      sessions: new Sessions(this.#limits, this.#nowMs),
      requests: new Requests(this.#limits, this.#nowMs),
      certificate: () => this.#certificate.der,
      limits: this.#limits,
      nowMs: this.#nowMs,
    };
    this.#calls = new CommandCalls(this.#parts, options.handlers, options.ready);
    this.#answers = new AnswerMemory(this.#limits);
    this.#connections = new ConnectionLimits(this.#limits);
    this.#metrics = new ApiMetrics([...(options.metricSources ?? []), ...this.#ownFigures()]);
    this.#https = this.#createServer();
    this.#webSockets = {
      strangers: this.#createWebSockets(this.#limits.strangerBodyBytes),
      loggedIn: this.#createWebSockets(this.#limits.bodyBytes),
    };
    this.#app = this.#createApp();
    this.#stopEvents = options.events.subscribe((event) => {
      let text: string | undefined;
      for (const socket of this.#sockets) {
        socket.offer(event, () => {
          text ??= JSON.stringify(event);
          return text;
        });
      }
    });
  }

  get port(): number {
    return (this.#https.address() as AddressInfo).port;
  }

  async listen(port: number, host: string | undefined): Promise<void> {
    await this.#app.ready();
    await new Promise<void>((resolve, reject) => {
      this.#https.once('error', reject);
      this.#https.listen({ port, host }, () => {
        this.#https.off('error', reject);
        resolve();
      });
    });
  }

  setCertificate(certificate: CheckedCertificate): void {
    this.#certificate = certificate;
    this.#https.setSecureContext(tlsOptions(certificate));
  }

  abortRequests(identity: Pick<ApiIdentity, 'account' | 'token'>): void {
    this.#parts.requests.abort(requestOwner(identity));
  }

  refuse(): void {
    this.#closing = true;
    this.#calls.refuse();
    for (const socket of this.#sockets) socket.closeForEnd();
  }

  async close(): Promise<void> {
    this.refuse();
    this.#stopEvents();
    this.#parts.requests.close();
    const closed = new Promise<void>((resolve) => this.#https.close(() => resolve()));
    await this.#app.close();
    for (const webSockets of Object.values(this.#webSockets)) {
      for (const socket of webSockets.clients) socket.terminate();
    }
    this.#https.closeAllConnections();
    this.#connections.destroyAll();
    await closed;
    this.#metrics.close();
  }

  #createServer(): Server {
    const limits = this.#limits;
    const server = createServer({
      ...tlsOptions(this.#certificate),
      handshakeTimeout: limits.tlsHandshakeTimeoutMs,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(2_000, limits.headersTimeoutMs / 2),
      maxHeaderSize: limits.headerBytes,
      noDelay: true,
    });
    server.timeout = limits.silenceTimeoutMs;
    server.prependListener('connection', (socket: Socket) => this.#connections.add(socket));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    return server;
  }

  #createApp() {
    const app = fastify({
      serverFactory: (handler) => this.#https.on('request', handler),
      logger: false,
      bodyLimit: Number.MAX_SAFE_INTEGER,
      routerOptions: { maxParamLength: 64 },
      forceCloseConnections: false,
      clientErrorHandler: (error, socket) => refuseRequest(error, socket),
    });
    app.addHook('onRequest', async (request, reply) => {
      try {
        reply.raw.once('close', this.#connections.beginRequest(request.raw.socket));
      } catch (error) {
        // Its answer would have to wait for all the others.
        request.raw.socket.destroy();
        throw error;
      }
      const { allowRemoteControl } = this.#options;
      if (allowRemoteControl || isLoopback(this.#addressOf(request.raw))) return;
      reply.header('connection', 'close');
      throw new JetStreamError('permission-denied', 'this server takes commands of its own machine alone');
    });
    addRoutes(app, {
      calls: this.#calls,
      answers: this.#answers,
      limits: this.#limits,
      metrics: this.#metrics,
      health: () => ({ isHealthy: !this.#closing, status: this.#closing ? 'closing' : 'ok' }),
      peerOf: (request, signal) => this.#peerOf(request, signal),
      onFault: (error, where) => this.#options.onFault?.(error, where),
    });
    return app;
  }

  #createWebSockets(maxPayload: number): WebSocketServer {
    return new WebSocketServer({
      noServer: true,
      maxPayload,
      // A peer could make us inflate what he likes.
      perMessageDeflate: false,
      autoPong: false,
    });
  }

  #peerOf(request: IncomingMessage, signal: AbortSignal): Peer {
    const remoteAddress = this.#addressOf(request);
    const token = /^Bearer ([\w-]{1,128})$/i.exec(request.headers.authorization ?? '')?.[1];
    const session = token === undefined ? undefined : this.#parts.sessions.find(token);
    if (session) this.#connections.identify(request.socket, session.identity.account);
    return {
      remoteAddress,
      isLocal: isLoopback(remoteAddress),
      reachedAs: hostIn(request.headers.host),
      session,
      token,
      ownsSession: false,
      signal,
    };
  }

  #addressOf({ socket }: IncomingMessage): string {
    return plainAddress((this.#options.addressOf ?? remoteAddressOf)(socket));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    let peer: Peer;
    try {
      this.#checkUpgrade(request);
      peer = this.#peerOf(request, AbortSignal.abort());
    } catch (error) {
      refuseUpgrade(socket, error as JetStreamError);
      return;
    }
    const webSockets = peer.session ? this.#webSockets.loggedIn : this.#webSockets.strangers;
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const served = new ApiSocket(webSocket, peer, {
        calls: this.#calls,
        answers: this.#answers,
        sessions: this.#parts.sessions,
        isStillValid: ({ identity }) => this.#options.authenticator.isStillValid(identity),
        limits: this.#limits,
        onLoggedIn: (account) => this.#connections.identify(request.socket, account),
        onFault: (error, where) => this.#options.onFault?.(error, where),
      });
      this.#sockets.add(served);
      webSocket.once('close', () => this.#sockets.delete(served));
    });
  }

  #checkUpgrade(request: IncomingMessage): void {
    const { url, headers } = request;
    if (this.#closing) throw new JetStreamError('server-closing', 'the server is shutting down');
    if (!this.#options.allowRemoteControl && !isLoopback(this.#addressOf(request))) {
      throw new JetStreamError('permission-denied', 'this server takes commands of its own machine alone');
    }
    if (url !== `${API_PATH}/socket`) throw new JetStreamError('not-found', 'there is no WebSocket here');
    // Browsers say which page opens it: one of another site is not its user's will.
    if (headers.origin !== undefined && headers.origin !== `https://${headers.host}`) {
      throw new JetStreamError('permission-denied', 'pages of other sites may not use this API');
    }
  }

  #ownFigures(): MetricSource[] {
    const gauge = (name: string, help: string, value: () => number): MetricSource => ({
      name,
      help,
      kind: 'gauge',
      read: () => [{ value: value() }],
    });
    return [
      gauge('api_connections', 'TCP connections of the API', () => this.#connections.size),
      gauge('api_websockets', 'WebSockets of the API', () => this.#sockets.size),
      gauge('api_sessions', 'Log-ins of the API', () => this.#parts.sessions.size),
      gauge('api_requests_running', 'Work of Async commands that runs', () => this.#parts.requests.running),
    ];
  }
}

function remoteAddressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress;
}

function tlsOptions({ certificate, key }: CheckedCertificate) {
  return { cert: certificate, key, minVersion: 'TLSv1.2' } as const;
}

function refuseUpgrade(socket: Duplex, { code }: JetStreamError): void {
  endWith(socket, `${httpStatusOf(code)} ${code}`);
}

/** What is no request of HTTP, or comes too slowly. */
function refuseRequest({ code }: { code?: string }, socket: Socket): void {
  if (code === 'HPE_HEADER_OVERFLOW') endWith(socket, '431 limit-exceeded');
  else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') endWith(socket, '408 login-timeout');
  else endWith(socket, '400 protocol-violation');
}

function endWith(socket: Duplex, status: string): void {
  if (!socket.writable) socket.destroy();
  else
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
}

function listenError(error: unknown, { port, host }: ApiServerOptions): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const where = `TCP port ${port}${host === undefined ? '' : ` of ${host}`}`;
  const fail = (known: ConstructorParameters<typeof JetStreamError>[0], message: string) =>
    new JetStreamError(known, message, { subject: where, cause: error });
  if (code === 'EADDRINUSE') return fail('address-in-use', `${where} is in use by another program`);
  if (code === 'EACCES') return fail('permission-denied', `${where} may not be used by this account`);
  if (code === 'EADDRNOTAVAIL') return fail('host-unreachable', `${host} is no address of this machine`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return fail('host-unresolved', `${host} has no address`);
  return error;
}
