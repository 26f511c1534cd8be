import { join, resolve } from 'node:path';
import { debuglog } from 'node:util';
import { collectSigners, configDirectory, KnownHosts } from '@jetstream/auth';
import type { RatePolicy } from '@jetstream/congestion';
import { currentUser } from '@jetstream/platform';
import { BlockMemory } from '../block-memory.ts';
import { type Clock, PROCESS_CLOCK } from '../clock.ts';
import type { ClientOptions, ClientSession } from '../contract.ts';
import { PathFile } from '../paths/path-file.ts';
import { toRatePolicy } from '../rate-policy-options.ts';
import { DownloadState } from '../resume/download-state.ts';
import { userStateDirectory } from '../state-directory.ts';
import { StorageWorkers } from '../storage/storage-workers.ts';
import { ClientPaths } from './client-paths.ts';
import { startClientLanes } from './connect.ts';
import type { SessionResources } from './connected-client.ts';
import type { Credentials } from './credentials.ts';
import { checkHostKey } from './host-key-policy.ts';
import { checkReconnectTimeout, DEFAULT_CONNECT_TIMEOUT_MS, openSession } from './open-session.ts';

const DEFAULT_PORT = 8886;
/** Blocks that a client holds for sending: 256 MiB at the very most, allocated only when a long fast path needs them. */
const CLIENT_MAX_BLOCKS = 256;
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
  const { host, port = DEFAULT_PORT, connectTimeoutMs, reconnectTimeoutMs } = options;
  checkReconnectTimeout(reconnectTimeoutMs);
  const ratePolicy = toRatePolicy(options.ratePolicy);
  const directory = options.configDirectory ?? configDirectory();
  const knownHosts = KnownHosts.open(options.knownHostsFile ?? join(directory, 'known_hosts'));
  const resources = startResources(options, directory, ratePolicy);
  const user = options.user ?? (options.token === undefined ? currentUser().name : '');
  return openSession({
    host,
    port,
    login: {
      user,
      credentials: credentialsOf(options, directory),
      identity: undefined,
      advice: adviceFor(user, options),
    },
    checkHostKey: (key) => checkHostKey(knownHosts, { name: host, port }, key, options.unknownHost),
    resources,
    ratePolicy,
    asksServer: options.ratePolicy !== undefined,
    connectTimeoutMs,
    reconnectTimeoutMs,
    clock,
    awaitsAnswer: options.awaitLogin !== false,
    signal: options.signal,
  });
}

/** All of it starts up at once, while the host is looked up and answers. */
function startResources(
  options: ClientOptions,
  configDirectory: string,
  ratePolicy: RatePolicy,
): SessionResources {
  const { pathStore = new PathFile(join(configDirectory, 'paths.json'), debug) } = options;
  const paths = new ClientPaths(pathStore || undefined, debug);
  const lanes = startClientLanes(
    {
      congestion: options.congestion ?? 'bbr',
      ratePolicy,
      handshakeTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      remembersPaths: pathStore !== false,
      portable: options.portable ?? false,
    },
    (path) => paths.onSeen(path),
  );
  const storage = new StorageWorkers();
  storage.prepare();
  const { downloadTargets, stateDirectory = userStateDirectory() } = options;
  const downloads =
    downloadTargets &&
    new DownloadState(
      stateDirectory,
      downloadTargets.map((path) => resolve(path)),
    );
  return {
    lanes,
    paths,
    storage,
    memory: new BlockMemory(CLIENT_MAX_BLOCKS),
    stateDirectory,
    close: async (ended) => {
      const closed = lanes.then((started) => started.close()).catch(() => undefined);
      await Promise.all([storage.close(), closed, ended]);
      await Promise.all([paths.settled(), downloads?.close()]);
    },
  };
}

function credentialsOf(options: ClientOptions, configDirectory: string): Credentials {
  const { token, tokenPassword = '', password, identityFile, offerKeys } = options;
  if (token !== undefined) return { kind: 'token', token, password: tokenPassword };
  if (password !== undefined && offerKeys === false) return { kind: 'password', password };
  const signers = collectSigners({
    configDirectory,
    ...(identityFile !== undefined && { identityFile }),
  });
  signers.catch(() => undefined);
  return { kind: 'keys', signers, password };
}

function adviceFor(user: string, { password, token }: ClientOptions): string {
  if (token !== undefined) return 'the token is not valid any more, of another user, or needs its password';
  if (password !== undefined) return 'neither a key nor the password does';
  return `add the line that 'jscp --print-identity' prints to ~${user}/.ssh/authorized_keys there, or to the server's own authorized_keys`;
}
