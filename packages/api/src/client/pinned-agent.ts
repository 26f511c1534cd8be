import { Agent, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { JetStreamError } from '@jetstream/protocol';
import { place } from './json-request.ts';

/** How long a certificate is looked at on a connection that is then used. */
const MAX_CHECK_MS = 1_000;

/** What a server showed in the TLS handshake. */
export interface ServerCertificate {
  /** DER. */
  readonly der: Uint8Array;
  /** Whether an authority that this machine trusts vouches for it and for this host name. */
  readonly isVouchedFor: boolean;
}

/** @throws JetStreamError `host-key-unknown` or `host-key-changed` for a certificate that is not trusted */
export type CertificateCheck = (certificate: ServerCertificate) => Promise<void> | void;

/**
 * Connections that all show the same certificate: the first one's is asked about, and not a byte is sent before the answer.
 */
export class PinnedAgent extends Agent {
  readonly #check: CertificateCheck;
  readonly #connectTimeoutMs: number;
  #pinned: Promise<Buffer> | undefined;

  constructor(check: CertificateCheck, connectTimeoutMs: number) {
    super({ keepAlive: true, maxCachedSessions: 0 });
    this.#check = check;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /** What the server showed, DER. @throws JetStreamError `connection-lost` before the first connection */
  async certificate(): Promise<Uint8Array> {
    if (!this.#pinned)
      throw new JetStreamError('connection-lost', 'there was no connection to the server yet');
    return this.#pinned;
  }

  /** Called by http for each connection that is needed. */
  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connect(String(options.host), Number(options.port)).then(
      (socket) => callback?.(null, socket),
      // Of an error nothing else is looked at.
      (error) => callback?.(error, undefined as unknown as Duplex),
    );
  }

  async #connect(host: string, port: number): Promise<TLSSocket> {
    const socket = await this.#open(host, port);
    const ignore = () => {};
    socket.on('error', ignore);
    const isFirst = this.#pinned === undefined;
    const startMs = performance.now();
    try {
      await this.#admit(socket);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.removeListener('error', ignore);
    if (!isFirst || performance.now() - startMs < MAX_CHECK_MS) return socket;
    // A person was asked; the server may have given up meanwhile.
    socket.destroy();
    return this.#connect(host, port);
  }

  #open(host: string, port: number): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        servername: isIP(host) ? '' : host,
        ALPNProtocols: ['http/1.1'],
        // Whom to trust is settled by `#admit`.
        rejectUnauthorized: false,
      });
      const timer = setTimeout(
        () =>
          socket.destroy(
            new JetStreamError(
              'host-unreachable',
              `${place({ host, port })}: no API of a JetStream server answers within ${this.#connectTimeoutMs / 1_000} s; is that its port?`,
            ),
          ),
        this.#connectTimeoutMs,
      );
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(socket);
      });
    });
  }

  async #admit(socket: TLSSocket): Promise<void> {
    const der = socket.getPeerX509Certificate()?.raw;
    if (!der) throw new JetStreamError('handshake-failed', 'the server showed no certificate');
    if (this.#pinned) {
      if ((await this.#pinned).equals(der)) return;
      throw new JetStreamError(
        'host-key-changed',
        'the server showed another certificate than a moment ago; connect anew to look at it',
      );
    }
    const ask = async () => {
      await this.#check({ der, isVouchedFor: socket.authorized });
      return der;
    };
    this.#pinned = ask();
    try {
      await this.#pinned;
    } catch (error) {
      this.#pinned = undefined;
      throw error;
    }
  }
}
