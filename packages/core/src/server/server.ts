import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { keyFingerprint, loadOrCreateHostKey } from '@jetstream/auth';
import { DEFAULT_RATE_POLICY, limitRatePolicy, type RatePolicyLimits } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import type { State } from '@jetstream/state';
import { BlockMemory } from '../block-memory.ts';
import { asJetStreamError } from '../content/failure.ts';
import type { PathStore, RunningServer, ServerOptions, TransferSummary } from '../contract.ts';
import type { LaneConnection } from '../lane/lane-connection.ts';
import { defaultLaneCount } from '../lane/lanes.ts';
import { ListeningPorts } from '../lane/listening-ports.ts';
import { createLogger, type Logger } from '../logging.ts';
import { KeptPaths } from '../paths/kept-paths.ts';
import { StatePaths } from '../paths/state-paths.ts';
import { toRatePolicyLimits } from '../rate-policy-options.ts';
import { ReceiverState } from '../resume/receiver-state.ts';
import type { Service } from '../service/service.ts';
import { defaultStateDirectory } from '../state-directory.ts';
import { StorageWorkers } from '../storage/storage-workers.ts';
import { ServerConnection } from './server-connection.ts';
import { countRunning, hasRoomFor } from './transfer-room.ts';

const DEFAULT_PORT = 8886;
const DEFAULT_DRAIN_MS = 30_000;
/** Blocks in memory for all connections of a server, in each direction: 1 GiB at the very most, allocated only by need. */
const SERVER_MAX_BLOCKS = 1_024;
const MAX_LANES = 16;

/** Entry point for receiving and serving files. */
export const Server = {
  /**
   * Binds the port and begins to take connections.
   * @throws JetStreamError `address-in-use`, `permission-denied`, `not-found`, `not-a-directory`, `invalid-argument`; `state-locked`
   *   when another server uses the state directory, `state-newer`
   */
  async start(options: ServerOptions = {}): Promise<RunningServer> {
    const logger = createLogger(options.logLevel ?? 'info');
    const stateDirectory = options.stateDirectory ?? defaultStateDirectory();
    const hostKey = loadOrCreateHostKey(stateDirectory);
    const state = await openServerState(join(stateDirectory, 'level'), options, logger);
    let service: Service | undefined;
    try {
      // Nobody who only sends as a client should pay for loading it.
      const { Service } = await import('../service/service.ts');
      service = await Service.open({
        options,
        logger,
        stateDirectory,
        state,
        hostKey,
        storage: new StorageWorkers(),
        memory: new BlockMemory(SERVER_MAX_BLOCKS),
        pathStore: await pathStoreOf(options, state),
        lanes: () => server.lanes,
        terminate: () => void server.drain(),
      });
      const server = new JetStreamServer(service);
      await server.listen();
      return server;
    } catch (error) {
      await service?.close();
      await state.close();
      throw error;
    }
  },
};

/** A disk that is full or broken keeps nothing, but does not keep the server from serving. */
async function openServerState(directory: string, options: ServerOptions, logger: Logger): Promise<State> {
  const { openState, volatileState } = await import('@jetstream/state');
  try {
    return await openState(directory, {
      notKept: notKept(options),
      onNote: (note) => logger.warn({ note }, 'state'),
    });
  } catch (error) {
    const { code, message } = asJetStreamError(error);
    if (code === 'state-locked' || code === 'state-newer') throw error;
    logger.error({ code, why: message }, 'nothing is kept over the end of this server');
    return await volatileState();
  }
}

async function pathStoreOf({ pathStore }: ServerOptions, state: State): Promise<PathStore | undefined> {
  if (pathStore === false) return undefined;
  return pathStore ?? new StatePaths(await state.collection('paths'));
}

/** A transfer is of no use without its destination. */
function notKept({ persistentDestinations = true, persistentTransfers = true }: ServerOptions): string[] {
  if (!persistentDestinations) return ['destinations', 'transfers'];
  return persistentTransfers ? [] : ['transfers'];
}

class JetStreamServer implements RunningServer {
  readonly hostKeyFingerprint: string;
  readonly #options: ServerOptions;
  readonly #logger: Logger;
  readonly #stateDirectory: string;
  readonly #service: Service;
  readonly #state: ReceiverState;
  readonly #rateLimits: RatePolicyLimits;
  readonly #storage: StorageWorkers;
  readonly #paths: KeptPaths;
  readonly #connections = new Set<ServerConnection>();
  readonly #emitter = new EventEmitter();
  #lanes!: ListeningPorts;
  #idleWaiters: (() => void)[] = [];
  #rechecking = false;
  readonly closed: Promise<void>;
  #onClosed!: () => void;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(service: Service) {
    const { options, logger, stateDirectory, state, storage, hostKey, pathStore } = service.context;
    this.#service = service;
    this.#options = options;
    this.#logger = logger;
    this.#stateDirectory = stateDirectory;
    this.#state = new ReceiverState(state);
    this.#storage = storage;
    this.#rateLimits = toRatePolicyLimits(options.rateLimits);
    this.#paths = new KeptPaths(pathStore, (what) => logger.warn(what));
    this.hostKeyFingerprint = keyFingerprint(hostKey.publicKey);
    service.parts.authorizedClients.onChange = () => {
      for (const connection of this.#connections) connection.recheckPeer();
    };
    service.parts.tokens.onEnded(() => {
      for (const connection of this.#connections) connection.recheckToken();
    });
    service.parts.logins.onRecheck(() => void this.#recheckAccounts());
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  get lanes(): ListeningPorts {
    return this.#lanes;
  }

  /** For tests: what it does beside answering its UDP port. */
  get service(): Service {
    return this.#service;
  }

  get apiPort(): number | undefined {
    return this.#service.apiPort;
  }

  get serverId(): string {
    return this.#service.context.serverId;
  }

  get serverUid(): string {
    return this.#service.context.state.serverUid;
  }

  get port(): number {
    return this.#lanes.path.port;
  }

  get ports(): readonly number[] {
    return this.#lanes.ports;
  }

  async listen(): Promise<void> {
    const { port = DEFAULT_PORT, host, congestion = 'bbr', sandboxDirectory = '/' } = this.#options;
    const { portable = false, lanes: count = defaultLaneCount() } = this.#options;
    if (!(Number.isInteger(count) && count >= 1 && count <= MAX_LANES)) {
      throw new JetStreamError('invalid-argument', `a server has 1 to ${MAX_LANES} lanes, not ${count}`);
    }
    this.#lanes = await ListeningPorts.start(
      {
        count,
        ports: typeof port === 'number' ? [port] : port,
        host,
        staticPrivateKey: this.#service.context.hostKey.privateKey,
        acceptIncoming: true,
        congestion,
        ratePolicy: limitRatePolicy(DEFAULT_RATE_POLICY, this.#rateLimits),
        handshakeTimeoutMs: undefined,
        remembersPaths: this.#service.context.pathStore !== undefined,
        maxBlocks: SERVER_MAX_BLOCKS,
        portable,
      },
      {
        onIncoming: (connection) => this.#serve(connection),
        onPathSeen: (path) => {
          this.#logger.debug({ path }, 'path seen');
          this.#paths.keep(path);
        },
        onDiscovered: (discovered) => this.#service.parts.discovery.onDiscovered(discovered),
        onPathError: (code, why) => this.#logger.debug({ code, why }, 'datagram path'),
      },
    );
    this.#storage.prepare();
    for (const known of await this.#paths.load()) this.#lanes.learnPath(known);
    try {
      await this.#service.start();
    } catch (error) {
      await Promise.all([this.#lanes.close(), this.#storage.close()]);
      throw error;
    }
    const { path } = this.#lanes;
    this.#logger.info(
      {
        udp: this.ports.length === 1 ? this.port : this.ports,
        api: this.apiPort ?? '-',
        datagrams: path.kind,
        ...(path.refusal === undefined ? { lanes: this.#lanes.count } : { why: path.refusal }),
        hostKey: this.hostKeyFingerprint,
        sandbox: sandboxDirectory,
      },
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

  drain(deadlineMs: number = DEFAULT_DRAIN_MS): Promise<void> {
    this.#draining ??= this.#closing ?? this.#drain(deadlineMs);
    return this.#draining;
  }

  async #drain(deadlineMs: number): Promise<void> {
    this.#lanes.stopAccepting();
    this.#logger.info({ transfers: countRunning(this.#connections) }, 'draining');
    const ended = [...this.#connections].map((connection) => connection.drain());
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#service.drain(Promise.all([this.#idle(), ...ended])),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      }),
    ]);
    clearTimeout(timer);
    await this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll().then(this.#onClosed);
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    await this.#service.close();
    const connections = [...this.#connections];
    for (const connection of connections) connection.close('server-closing', 'the server is shutting down');
    await Promise.all([this.#lanes.close(), this.#storage.close()]);
    await Promise.all(connections.map((connection) => connection.ended()));
    await this.#paths.settled();
    await this.#state.close();
    this.#logger.info('server is down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve(connection: LaneConnection): void {
    // There is one already, but while others run.
    this.#storage.prepare();
    const { context, parts } = this.#service;
    const { serverId, state } = context;
    const { logins } = parts;
    const endTraffic = this.#service.context.traffic.follow(connection);
    const served = new ServerConnection(connection, {
      logger: this.#logger,
      memory: context.memory,
      storage: this.#storage,
      logins,
      identity: { uid: state.serverUid, id: serverId },
      rateLimits: this.#rateLimits,
      stateDirectory: this.#stateDirectory,
      state: this.#state,
      sandboxes: parts.sandboxes,
      bandwidth: parts.bandwidth,
      receiving: parts.receiving,
      sharedTokens: parts.tokens.shared,
      onTransfer: (account, direction, summary) =>
        this.#emitter.emit('transfer', { account, direction, summary }),
      hasRoom: (sharedToken) => hasRoomFor(this.#connections, parts.transfers.running, sharedToken),
      onTransferOver: () => {
        this.#storage.prepare();
        this.#checkIdle();
      },
      onClosed: () => {
        this.#connections.delete(served);
        endTraffic();
        this.#checkIdle();
      },
    });
    this.#connections.add(served);
  }

  /** One connection after the other: PAM answers few at once, and may be slow. */
  async #recheckAccounts(): Promise<void> {
    if (this.#rechecking) return;
    this.#rechecking = true;
    for (const connection of this.#connections) await connection.recheckAccount();
    this.#rechecking = false;
  }

  /** Resolves when no transfer of a client runs. */
  async #idle(): Promise<void> {
    if (countRunning(this.#connections) > 0)
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  #checkIdle(): void {
    if (countRunning(this.#connections) > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
