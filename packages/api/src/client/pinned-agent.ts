import { Agent, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { JetStreamError } from '@jetstream/protocol';

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
    { host, port }: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const socket = connect({
      host: String(host),
      port: Number(port),
      servername: isIP(String(host)) ? '' : String(host),
      ALPNProtocols: ['http/1.1'],
      // Whom to trust is settled below.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(
      () => socket.destroy(new JetStreamError('host-unreachable', 'the server did not answer in time')),
      this.#connectTimeoutMs,
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      callback?.(error, socket);
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      this.#admit(socket).then(() => {
        socket.removeListener('error', fail);
        callback?.(null, socket);
      }, fail);
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
