import type { Connection, Endpoint } from '@jetstream/transport';
import type { HostApplication } from '../datagram-host.ts';
import type { TransferParty } from './transfer-party.ts';

/** Hands the events of an endpoint's only connection to a party. */
export class EndpointApplication implements HostApplication {
  readonly #endpoint: Endpoint;
  readonly #party: TransferParty;
  readonly #onConnection: (connection: Connection) => void;
  #only: Connection | undefined;

  /** @param onConnection told of the connection when it first appears */
  constructor(endpoint: Endpoint, party: TransferParty, onConnection: (connection: Connection) => void) {
    this.#endpoint = endpoint;
    this.#party = party;
    this.#onConnection = onConnection;
  }

  serve(nowUs: number): boolean {
    let served = false;
    for (;;) {
      const connection = this.#endpoint.pollReady();
      if (connection === undefined) break;
      this.#meet(connection);
      for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
        this.#party.onEvent(nowUs, connection, event);
        served = true;
      }
    }
    this.#party.proceed(nowUs);
    return served;
  }

  #meet(connection: Connection): void {
    if (connection === this.#only) return;
    if (this.#only !== undefined) throw new Error('a second connection appeared');
    this.#only = connection;
    this.#onConnection(connection);
  }
}
