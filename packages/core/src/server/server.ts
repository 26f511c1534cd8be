import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { keyFingerprint, loadOrCreateHostKey, LoginLimiter } from '@jetstream/auth';
import { checkSandboxDirectory } from '@jetstream/manifest';
import { openDatagramPath } from '@jetstream/platform';
import { type Connection, TransportEndpoint } from '@jetstream/transport';
import type { RunningServer, ServerOptions, TransferSummary } from '../contract.ts';
import { BlockMemory } from '../datagram/block-memory.ts';
import { DatagramDriver } from '../datagram/datagram-driver.ts';
import { createLogger, type Logger } from '../logging.ts';
import { aeadProvider, SOFTWARE } from '../software.ts';
import { defaultStateDirectory } from '../state-directory.ts';
import { ServerConnection } from './server-connection.ts';

const DEFAULT_PORT = 8886;
const DEFAULT_DRAIN_MS = 30_000;
/** Blocks in memory for all connections of a server: 512 MiB at the very most, allocated only by need. */
const SERVER_MAX_BLOCKS = 512;
/** Largest datagram a server is ready for; the path's own limit is found by probing. */
const LOOPBACK = '127.0.0.1';

/** Entry point for receiving and serving files. */
export const Server = {
  /**
   * Binds the port and begins to take connections.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `not-found`, `not-a-directory`, `invalid-argument`
   */
  async start(options: ServerOptions = {}): Promise<RunningServer> {
    const logger = createLogger(options.logLevel ?? 'info');
    const stateDirectory = options.stateDirectory ?? defaultStateDirectory();
    if (options.sandboxDirectory !== undefined) checkSandboxDirectory(options.sandboxDirectory);
    const hostKey = loadOrCreateHostKey(stateDirectory);
    const path = await openDatagramPath({ port: options.port ?? DEFAULT_PORT, ...(options.host === undefined ? {} : { host: options.host }) });
    const memory = new BlockMemory(SERVER_MAX_BLOCKS);
    const endpoint = new TransportEndpoint({
      staticPrivateKey: hostKey.privateKey,
      aead: aeadProvider(),
      blockPool: memory,
      randomBytes,
      software: SOFTWARE,
      acceptIncoming: true,
      congestion: options.congestion ?? 'bbr',
      maxDatagramBytes: path.maxDatagramBytesFor(LOOPBACK),
    });
    return new JetStreamServer({ options, logger, stateDirectory, path, endpoint, memory, hostKeyFingerprint: keyFingerprint(hostKey.publicKey) });
  },
};

interface ServerParts {
  options: ServerOptions;
  logger: Logger;
  stateDirectory: string;
  path: Awaited<ReturnType<typeof openDatagramPath>>;
  endpoint: TransportEndpoint;
  memory: BlockMemory;
  hostKeyFingerprint: string;
}

class JetStreamServer implements RunningServer {
  readonly port: number;
  readonly hostKeyFingerprint: string;
  readonly #logger: Logger;
  readonly #endpoint: TransportEndpoint;
  readonly #driver: DatagramDriver;
  readonly #connections = new Map<Connection, ServerConnection>();
  readonly #emitter = new EventEmitter();
  #idleWaiters: (() => void)[] = [];

  constructor({ options, logger, stateDirectory, path, endpoint, memory, hostKeyFingerprint }: ServerParts) {
    this.port = path.localPort;
    this.hostKeyFingerprint = hostKeyFingerprint;
    this.#logger = logger;
    this.#endpoint = endpoint;
    const limiter = new LoginLimiter();
    this.#driver = new DatagramDriver(path, endpoint, (connection) => {
      let known = this.#connections.get(connection);
      if (known === undefined) {
        known = new ServerConnection(connection, {
          wake: () => this.#driver.schedule(),
          logger,
          memory,
          limiter,
          stateDirectory,
          sandboxDirectory: options.sandboxDirectory,
          onTransfer: (account, direction, summary) => this.#emitter.emit('transfer', { account, direction, summary }),
          onTransferOver: () => this.#checkIdle(),
          onClosed: () => {
            this.#connections.delete(connection);
            this.#checkIdle();
          },
        });
        this.#connections.set(connection, known);
      }
      known.drainEvents();
    });
    path.onError = (error) => logger.debug({ err: error.message }, 'datagram path');
    logger.info({ udp: this.port, hostKey: hostKeyFingerprint, sandbox: options.sandboxDirectory ?? '/' }, 'server is up');
  }

  on(
    event: 'transfer',
    listener: (event: { account: string; direction: 'upload' | 'download'; summary: TransferSummary }) => void,
  ): this {
    this.#emitter.on(event, listener);
    return this;
  }

  async drain(deadlineMs: number = DEFAULT_DRAIN_MS): Promise<void> {
    this.#endpoint.stopAccepting();
    this.#logger.info({ transfers: this.#runningTransfers() }, 'draining');
    for (const connection of this.#connections.values()) connection.refuseNewTransfers();
    if (this.#runningTransfers() > 0) {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#idleWaiters.push(resolve)),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, deadlineMs);
        }),
      ]);
      clearTimeout(timer);
    }
    await this.close();
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close('server-closing', 'the server is shutting down');
    this.#driver.flush();
    await Promise.all([...this.#connections.values()].map((connection) => connection.ended()));
    await this.#driver.close();
    this.#logger.info('server is down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #runningTransfers(): number {
    let running = 0;
    for (const connection of this.#connections.values()) running += connection.runningTransfers;
    return running;
  }

  #checkIdle(): void {
    if (this.#runningTransfers() > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}

