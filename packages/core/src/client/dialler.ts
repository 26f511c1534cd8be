import { timingSafeEqual } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import type { Lanes } from '../lane/lanes.ts';
import type { Session } from '../session/session.ts';
import type { ClientPaths } from './client-paths.ts';
import { connectToFirst } from './connect.ts';
import { resolveHost } from './host-resolution.ts';
import type { Link } from './link.ts';
import type { FoundServer } from './link-keeper.ts';
import { type LoginRequest, logIn } from './login.ts';

export interface DiallerOptions {
  host: string;
  port: number;
  login: Omit<LoginRequest, 'hostName'>;
  /** Passes the key of a server that shows one for the first time. @throws JetStreamError `host-key-unknown`, `host-key-changed` */
  checkHostKey: (key: Uint8Array) => Promise<void>;
  lanes: Promise<Lanes>;
  paths: ClientPaths;
}

/** A server whose handshake waits for us to accept its key. */
export class AnsweredServer implements FoundServer<Link> {
  readonly #session: Session;
  readonly #sendLogin: () => Promise<Link>;

  constructor(session: Session, sendLogin: () => Promise<Link>) {
    this.#session = session;
    this.#sendLogin = sendLogin;
  }

  /**
   * Accepts the key and sends the login; the link tells what came of it.
   * @throws JetStreamError `host-key-unknown`, `host-key-changed`, or why no login could be sent; nothing of it is left then
   */
  async sendLogin(): Promise<Link> {
    try {
      return await this.#sendLogin();
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  async logIn(): Promise<Link> {
    const link = await this.sendLogin();
    await link.account;
    link.session.connection.raiseLimits();
    return link;
  }

  drop(): void {
    this.#session.close('none', '');
  }
}

/** Makes links to one server, as often as need be: the host is looked up each time, its key may not change any more. */
export class Dialler {
  readonly #options: DiallerOptions;
  #acceptedKey: Uint8Array | undefined;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** @throws JetStreamError `host-unresolved`, `host-unreachable`, `version-mismatch`, `cancelled` */
  async find(timeoutMs: number, signal: AbortSignal | undefined): Promise<AnsweredServer> {
    const { host, port, lanes: starting, paths } = this.#options;
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
    return new AnsweredServer(session, async () => {
      await this.#accept(serverKey);
      session.connection.acceptPeer();
      return logIn(session, { ...this.#options.login, hostName: host });
    });
  }

  async #accept(key: Uint8Array): Promise<void> {
    const { host, checkHostKey } = this.#options;
    if (this.#acceptedKey === undefined) {
      await checkHostKey(key);
      this.#acceptedKey = key;
    } else if (!timingSafeEqual(this.#acceptedKey, key)) {
      throw new JetStreamError(
        'host-key-changed',
        `${host} shows another key than before the link was lost: somebody may be in between, or the server was set up anew`,
        { subject: host },
      );
    }
  }
}
