import { join } from 'node:path';
import { debuglog } from 'node:util';
import { collectSigners, configDirectory, KnownHosts } from '@jetstream/auth';
import { currentUser } from '@jetstream/platform';
import { BlockMemory } from '../block-memory.ts';
import type { ClientOptions, ClientSession, DownloadOptions, Transfer, UploadOptions } from '../contract.ts';
import type { Lanes } from '../lane/lanes.ts';
import { PathFile } from '../paths/path-file.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import { encodeRatePolicy } from '../session/rate-policy-message.ts';
import type { Session } from '../session/session.ts';
import { StorageWorkers } from '../storage/storage-workers.ts';
import { ClientPaths } from './client-paths.ts';
import { startDownload, startUpload } from './client-transfer.ts';
import { connectToFirst, startClientLanes } from './connect.ts';
import { checkHostKey } from './host-key-policy.ts';
import { resolveHost } from './host-resolution.ts';
import { logIn } from './login.ts';
import { ServerRatePolicy } from './server-rate-policy.ts';
import { SessionRates } from './session-rates.ts';

const DEFAULT_PORT = 8886;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** To standard error where NODE_DEBUG=jetstream is set. */
const debug = debuglog('jetstream');
/** Blocks that a client holds for sending: 256 MiB at the very most, allocated only when a long fast path needs them. */
const CLIENT_MAX_BLOCKS = 256;

/** Entry point for copying to and from a server. */
export const Client = {
  /**
   * Finds the host, checks its key, and logs in.
   * @throws JetStreamError `host-unresolved`, `host-unreachable`, `host-key-unknown`, `host-key-changed`, `login-refused`,
   *   `login-timeout`, `version-mismatch`, `cancelled`
   */
  async connect(options: ClientOptions): Promise<ClientSession> {
    options.signal?.throwIfAborted();
    const {
      host,
      signal,
      port = DEFAULT_PORT,
      connectTimeoutMs: timeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
    } = options;
    const ratePolicy = toRatePolicy(options.ratePolicy);
    const user = options.user ?? currentUser().name;
    const directory = options.configDirectory ?? configDirectory();
    const knownHosts = KnownHosts.open(options.knownHostsFile ?? join(directory, 'known_hosts'));
    const { pathStore = new PathFile(join(directory, 'paths.json'), debug) } = options;
    const paths = new ClientPaths(pathStore || undefined, debug);
    const starting = startClientLanes(
      {
        congestion: options.congestion ?? 'bbr',
        ratePolicy,
        handshakeTimeoutMs: timeoutMs,
        remembersPaths: pathStore !== false,
        portable: options.portable ?? false,
      },
      (path) => paths.onSeen(path),
    );
    // It starts up while the network thread does, and the host is looked up and answers.
    const storage = new StorageWorkers();
    storage.prepare();
    const { identityFile } = options;
    const signers = collectSigners({
      configDirectory: directory,
      ...(identityFile !== undefined && { identityFile }),
    });
    signers.catch(() => undefined);
    try {
      const addresses = await resolveHost(host);
      const [lanes, known] = await Promise.all([starting, paths.towards(addresses)]);
      for (const path of known) lanes.learnPath(path);
      const { session, serverKey } = await connectToFirst(lanes, {
        addresses,
        port,
        hostName: host,
        timeoutMs,
        signal,
      });
      await checkHostKey(knownHosts, { name: host, port }, serverKey, options.unknownHost);
      session.connection.acceptPeer();
      const serverPolicy = new ServerRatePolicy((asked) =>
        session.sendControl({ body: { $case: 'ratePolicy', value: encodeRatePolicy(asked) } }),
      );
      const { account } = await logIn(session, { user, hostName: host, signers, ratePolicy: serverPolicy });
      if (options.awaitLogin !== false) await account;
      const rates = new SessionRates(session.connection, serverPolicy, ratePolicy);
      if (options.ratePolicy !== undefined) rates.askServer(ratePolicy).catch(() => undefined);
      return new ConnectedClient(lanes, storage, session, account, rates, paths);
    } catch (error) {
      await Promise.all([storage.close(), starting.then((lanes) => lanes.close()).catch(() => undefined)]);
      throw error;
    }
  },
};

class ConnectedClient implements ClientSession {
  readonly loggedIn: Promise<string>;
  readonly #lanes: Lanes;
  readonly #storage: StorageWorkers;
  readonly #session: Session;
  readonly #rates: SessionRates;
  readonly #paths: ClientPaths;
  readonly #memory = new BlockMemory(CLIENT_MAX_BLOCKS);
  readonly #running = new Set<Transfer>();
  #nextTransfer = 1;

  constructor(
    lanes: Lanes,
    storage: StorageWorkers,
    session: Session,
    loggedIn: Promise<string>,
    rates: SessionRates,
    paths: ClientPaths,
  ) {
    this.#paths = paths;
    this.#lanes = lanes;
    this.#storage = storage;
    this.#session = session;
    this.loggedIn = loggedIn;
    this.#rates = rates;
    session.connection.raiseLimits();
  }

  upload(options: UploadOptions): Transfer {
    return this.#track(
      startUpload(this.#session, this.#storage, this.#memory, this.#rates, this.#nextTransfer++, options),
      options.signal,
    );
  }

  download(options: DownloadOptions): Transfer {
    return this.#track(
      startDownload(this.#session, this.#storage, this.#rates, this.#nextTransfer++, options),
      options.signal,
    );
  }

  async close(): Promise<void> {
    for (const transfer of this.#running) transfer.cancel();
    this.#session.close('none', '');
    await Promise.all([this.#storage.close(), this.#lanes.close()]);
    await this.#paths.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #track(transfer: Transfer, signal: AbortSignal | undefined): Transfer {
    const cancel = () => transfer.cancel();
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel);
    this.#running.add(transfer);
    void transfer.done
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(transfer);
        signal?.removeEventListener('abort', cancel);
      });
    return transfer;
  }
}
