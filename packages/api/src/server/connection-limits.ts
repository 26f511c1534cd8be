import type { Socket } from 'node:net';
import { JetStreamError } from '@jetstream/protocol';
import type { ApiLimits } from './limits.ts';
import { isLoopback, networkOf, plainAddress } from './peer-address.ts';

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  requests: number;
  /** undefined: nothing that came over it was logged in. */
  account: string | undefined;
}

/** Counts TCP connections: in all, of strangers by where they come from, and by account. */
export class ConnectionLimits {
  readonly #limits: ApiLimits;
  /** By addresses and ports of both ends, which a TLS socket shares with the TCP socket beneath it. */
  readonly #connections = new Map<string, Connection>();
  readonly #strangers = new Map<string, number>();
  readonly #ofAccount = new Map<string, number>();

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** One that is too many is destroyed before it costs a TLS handshake. @returns whether it may stay */
  add(socket: Socket): boolean {
    const address = plainAddress(socket.remoteAddress);
    const network = networkOf(address);
    const { connections, strangersPerAddress, strangersOfThisMachine } = this.#limits;
    const allowed = isLoopback(address) ? strangersOfThisMachine : strangersPerAddress;
    const isTooMany = this.size >= connections || (this.#strangers.get(network) ?? 0) >= allowed;
    if (isTooMany || address === '') {
      socket.destroy();
      return false;
    }
    const key = keyOf(socket);
    this.#connections.set(key, { socket, network, requests: 0, account: undefined });
    change(this.#strangers, network, 1);
    socket.once('close', () => this.#remove(key));
    return true;
  }

  /**
   * What comes over it is logged in.
   * @throws JetStreamError `limit-exceeded` when the account has too many
   */
  identify(socket: Socket, account: string): void {
    const connection = this.#connections.get(keyOf(socket));
    if (!connection || connection.account === account) return;
    if ((this.#ofAccount.get(account) ?? 0) >= this.#limits.connectionsPerAccount) {
      throw new JetStreamError('limit-exceeded', 'the account has too many connections');
    }
    this.#uncount(connection);
    connection.account = account;
    change(this.#ofAccount, account, 1);
  }

  /**
   * A request has come: HTTP lets one follow the other before it is answered (RFC 9112 §9.3.2), and each waits in memory.
   * @returns to be called at its end
   * @throws JetStreamError `limit-exceeded`
   */
  beginRequest(socket: Socket): () => void {
    const connection = this.#connections.get(keyOf(socket));
    if (!connection) return () => undefined;
    if (connection.requests >= this.#limits.requestsPerConnection) {
      throw new JetStreamError('limit-exceeded', 'too many requests at once on this connection');
    }
    connection.requests++;
    return () => {
      connection.requests--;
    };
  }

  destroyAll(): void {
    for (const { socket } of this.#connections.values()) socket.destroy();
  }

  #remove(key: string): void {
    const connection = this.#connections.get(key);
    if (!connection) return;
    this.#connections.delete(key);
    this.#uncount(connection);
  }

  #uncount({ account, network }: Connection): void {
    if (account === undefined) change(this.#strangers, network, -1);
    else change(this.#ofAccount, account, -1);
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
