import { join, resolve } from 'node:path';
import { debuglog } from 'node:util';
import { collectSigners, configDirectory, KnownHosts } from '@jetstream/auth';
import { currentUser } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { type Clock, PROCESS_CLOCK } from '../clock.ts';
import type { ClientOptions, ClientSession } from '../contract.ts';
import { PathFile } from '../paths/path-file.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import { DownloadState } from '../resume/download-state.ts';
import { userStateDirectory } from '../state-directory.ts';
import { StorageWorkers } from '../storage/storage-workers.ts';
import { ClientPaths } from './client-paths.ts';
import { startClientLanes } from './connect.ts';
import { ConnectedClient } from './connected-client.ts';
import { Dialler } from './dialler.ts';
import { checkHostKey } from './host-key-policy.ts';
import { ServerRatePolicy } from './server-rate-policy.ts';
import { SessionRates } from './session-rates.ts';

const DEFAULT_PORT = 8886;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_RECONNECT_TIMEOUT_MS = 600_000;
/** A timer of Node takes no more, some 24 days. */
const MAX_RECONNECT_TIMEOUT_MS = 2_147_483_647;
/** To standard error where NODE_DEBUG=jetstream is set. */
const debug = debuglog('jetstream');

/** Entry point for copying to and from a server. */
export const Client = {
  /**
   * Finds the host, checks its key, and logs in.
   * @throws JetStreamError `host-unresolved`, `host-unreachable`, `host-key-unknown`, `host-key-changed`, `login-refused`,
   *   `login-timeout`, `version-mismatch`, `invalid-argument`, `cancelled`
   */
  connect: (options: ClientOptions): Promise<ClientSession> => connectClient(options),
};

/** @param clock by which lost links are noticed and ridden out */
export async function connectClient(
  options: ClientOptions,
  clock: Clock = PROCESS_CLOCK,
): Promise<ClientSession> {
  options.signal?.throwIfAborted();
  const {
    host,
    signal,
    port = DEFAULT_PORT,
    connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
    reconnectTimeoutMs = DEFAULT_RECONNECT_TIMEOUT_MS,
  } = options;
  if (!(reconnectTimeoutMs >= 0 && reconnectTimeoutMs <= MAX_RECONNECT_TIMEOUT_MS)) {
    throw new JetStreamError(
      'invalid-argument',
      `reconnectTimeoutMs is 0 to ${MAX_RECONNECT_TIMEOUT_MS}, not ${reconnectTimeoutMs}`,
    );
  }
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
      handshakeTimeoutMs: connectTimeoutMs,
      remembersPaths: pathStore !== false,
      portable: options.portable ?? false,
    },
    (path) => paths.onSeen(path),
  );
  // It starts up while the network thread does, and the host is looked up and answers.
  const storage = new StorageWorkers();
  storage.prepare();
  const { identityFile, downloadTargets, stateDirectory = userStateDirectory() } = options;
  const downloads =
    downloadTargets &&
    new DownloadState(
      stateDirectory,
      downloadTargets.map((path) => resolve(path)),
    );
  const signers = collectSigners({
    configDirectory: directory,
    ...(identityFile !== undefined && { identityFile }),
  });
  signers.catch(() => undefined);
  const serverPolicy = new ServerRatePolicy();
  const dialler = new Dialler({
    host,
    port,
    user,
    signers,
    checkHostKey: (key) => checkHostKey(knownHosts, { name: host, port }, key, options.unknownHost),
    lanes: starting,
    paths,
    ratePolicy: serverPolicy,
  });
  try {
    const server = await dialler.find(connectTimeoutMs, signal);
    const link = await server.sendLogin();
    if (options.awaitLogin !== false) await link.account;
    link.session.connection.raiseLimits();
    const rates = new SessionRates(serverPolicy, ratePolicy);
    if (options.ratePolicy !== undefined) rates.askServer(ratePolicy).catch(() => undefined);
    const resources = { lanes: await starting, storage, paths, stateDirectory, downloads };
    return new ConnectedClient(link, dialler, resources, rates, {
      host,
      connectTimeoutMs,
      reconnectTimeoutMs,
      clock,
    });
  } catch (error) {
    await Promise.all([
      downloads?.close(),
      storage.close(),
      starting.then((lanes) => lanes.close()).catch(() => undefined),
    ]);
    throw error;
  }
}
