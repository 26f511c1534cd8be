import { join } from 'node:path';
import { configDirectory, KnownHosts } from '@jetstream/auth';
import { currentUser } from '@jetstream/platform';
import type { ClientOptions, ClientSession, DownloadOptions, Transfer, UploadOptions } from '../contract.ts';
import { monotonicNowUs } from '../datagram/monotonic-clock.ts';
import { startDownload, startUpload } from './client-transfer.ts';
import { type AnsweredConnection, connectToFirst } from './connect.ts';
import { checkHostKey } from './host-key-policy.ts';
import { resolveHost } from './host-resolution.ts';
import { logIn } from './login.ts';

const DEFAULT_PORT = 8886;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Entry point for copying to and from a server. */
export const Client = {
  /**
   * Finds the host, checks its key, and logs in.
   * @throws JetStreamError `host-unresolved`, `host-unreachable`, `host-key-unknown`, `host-key-changed`, `login-refused`,
   *   `login-timeout`, `version-mismatch`, `cancelled`
   */
  async connect(options: ClientOptions): Promise<ClientSession> {
    options.signal?.throwIfAborted();
    const port = options.port ?? DEFAULT_PORT;
    const user = options.user ?? currentUser().name;
    const directory = options.configDirectory ?? configDirectory();
    const knownHosts = KnownHosts.open(options.knownHostsFile ?? join(directory, 'known_hosts'));
    const answered = await connectToFirst({
      addresses: await resolveHost(options.host),
      port,
      hostName: options.host,
      timeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      congestion: options.congestion ?? 'bbr',
      signal: options.signal,
    });
    try {
      await checkHostKey(knownHosts, { name: options.host, port }, answered.serverKey, options.unknownHost);
      answered.session.connection.acceptPeer(monotonicNowUs());
      const login = await logIn(answered.session, {
        user,
        hostName: options.host,
        identityFile: options.identityFile,
        configDirectory: directory,
      });
      if (options.awaitLogin !== false) await login.account;
      return new ConnectedClient(answered, login.account, options);
    } catch (error) {
      await hangUp(answered);
      throw error;
    }
  },
};

class ConnectedClient implements ClientSession {
  readonly loggedIn: Promise<string>;
  readonly #answered: AnsweredConnection;
  readonly #running = new Set<Transfer>();
  #nextTransfer = 1;

  constructor(answered: AnsweredConnection, loggedIn: Promise<string>, options: ClientOptions) {
    this.#answered = answered;
    this.loggedIn = loggedIn;
    const { connection } = answered.session;
    connection.raiseLimits();
    if (options.rateCapBitsPerSecond !== undefined) connection.setRateCap(options.rateCapBitsPerSecond / 8);
    answered.driver.schedule();
  }

  upload(options: UploadOptions): Transfer {
    return this.#track(startUpload(this.#answered, this.#nextTransfer++, options), options.signal);
  }

  download(options: DownloadOptions): Transfer {
    return this.#track(startDownload(this.#answered, this.#nextTransfer++, options), options.signal);
  }

  async close(): Promise<void> {
    for (const transfer of this.#running) transfer.cancel();
    await hangUp(this.#answered);
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

async function hangUp({ session, driver }: AnsweredConnection): Promise<void> {
  session.close('none', '');
  driver.flush();
  await driver.close();
}
