import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { keyFingerprint, LoginLimiter, loadOrCreateHostKey } from '@jetstream/auth';
import { checkSandboxDirectory } from '@jetstream/manifest';
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
/** Transfers of all connections, the one that asks included; each has a storage worker, which is a thread. */
const MAX_RUNNING_TRANSFERS = 64;
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
    const server = new JetStreamServer(options, logger, stateDirectory, keyFingerprint(hostKey.publicKey));
    await server.listen(hostKey.privateKey);
    return server;
  },
};

class JetStreamServer implements RunningServer {
  readonly hostKeyFingerprint: string;
  readonly #options: ServerOptions;
  readonly #logger: Logger;
  readonly #stateDirectory: string;
  readonly #memory = new BlockMemory(SERVER_MAX_BLOCKS);
  readonly #limiter = new LoginLimiter();
  readonly #connections = new Map<Connection, ServerConnection>();
  readonly #emitter = new EventEmitter();
  #driver!: DatagramDriver;
  #idleWaiters: (() => void)[] = [];

  constructor(options: ServerOptions, logger: Logger, stateDirectory: string, hostKeyFingerprint: string) {
    this.#options = options;
    this.#logger = logger;
    this.#stateDirectory = stateDirectory;
    this.hostKeyFingerprint = hostKeyFingerprint;
  }

  get port(): number {
    return this.#driver.path.localPort;
  }

  async listen(staticPrivateKey: Uint8Array): Promise<void> {
    const { port = DEFAULT_PORT, host, congestion = 'bbr', sandboxDirectory = '/' } = this.#options;
    this.#driver = await DatagramDriver.open({
      path: host === undefined ? { port } : { port, host },
      makeEndpoint: (path) =>
        new TransportEndpoint({
          staticPrivateKey,
          aead: aeadProvider(),
          blockPool: this.#memory,
          randomBytes,
          software: SOFTWARE,
          acceptIncoming: true,
          congestion,
          maxDatagramBytes: path.maxDatagramBytesFor(LOOPBACK),
        }),
      onReady: (connection) => this.#serve(connection),
      onError: (error) => this.#logger.debug({ code: error.code, why: error.message }, 'datagram path'),
    });
    this.#logger.info(
      { udp: this.port, hostKey: this.hostKeyFingerprint, sandbox: sandboxDirectory },
      'server is up',
    );
  }

  on(
    event: 'transfer',
    listener: (event: {
      account: string;
      direction: 'upload' | 'download';
      summary: TransferSummary;
    }) => void,
  ): this {
    this.#emitter.on(event, listener);
    return this;
  }

  async drain(deadlineMs: number = DEFAULT_DRAIN_MS): Promise<void> {
    this.#driver.endpoint.stopAccepting();
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
    for (const connection of this.#connections.values())
      connection.close('server-closing', 'the server is shutting down');
    this.#driver.flush();
    await Promise.all([...this.#connections.values()].map((connection) => connection.ended()));
    await this.#driver.close();
    this.#logger.info('server is down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve(connection: Connection): void {
    let known = this.#connections.get(connection);
    if (known === undefined) {
      known = new ServerConnection(connection, {
        wake: () => this.#driver.schedule(),
        logger: this.#logger,
        memory: this.#memory,
        limiter: this.#limiter,
        stateDirectory: this.#stateDirectory,
        sandboxDirectory: this.#options.sandboxDirectory,
        onTransfer: (account, direction, summary) =>
          this.#emitter.emit('transfer', { account, direction, summary }),
        hasRoom: () => this.#runningTransfers() <= MAX_RUNNING_TRANSFERS,
        onTransferOver: () => this.#checkIdle(),
        onClosed: () => {
          this.#connections.delete(connection);
          this.#checkIdle();
        },
      });
      this.#connections.set(connection, known);
    }
    known.drainEvents();
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
