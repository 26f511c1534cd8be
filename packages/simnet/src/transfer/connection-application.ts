import type { Connection, Endpoint } from '@jetstream/transport';
import type { HostApplication } from '../datagram-host.ts';
import type { TransferParty } from './transfer-party.ts';

/** Hands the events of one connection, which is its own host, to a party. */
export class ConnectionApplication implements HostApplication {
  readonly #connection: Connection;
  readonly #party: TransferParty;

  constructor(connection: Connection, party: TransferParty) {
    this.#connection = connection;
    this.#party = party;
  }

  serve(nowUs: number): boolean {
    return drain(nowUs, this.#connection, this.#party);
  }
}

/** Hands the events of an endpoint's only connection to a party. */
export class EndpointApplication implements HostApplication {
  readonly #endpoint: Endpoint;
  readonly #party: TransferParty;
  #only: Connection | undefined;

  constructor(endpoint: Endpoint, party: TransferParty) {
    this.#endpoint = endpoint;
    this.#party = party;
  }

  serve(nowUs: number): boolean {
    let served = false;
    for (;;) {
      const connection = this.#endpoint.pollReady();
      if (connection === undefined) break;
      this.#only ??= connection;
      if (connection !== this.#only) throw new Error('a second connection appeared');
      served = drain(nowUs, connection, this.#party) || served;
    }
    this.#party.proceed(nowUs);
    return served;
  }
}

function drain(nowUs: number, connection: Connection, party: TransferParty): boolean {
  let served = false;
  for (let event = connection.pollEvent(); event !== undefined; event = connection.pollEvent()) {
    party.onEvent(nowUs, connection, event);
    served = true;
  }
  party.proceed(nowUs);
  return served;
}
