import type { JetStreamError, ServerIdentity } from '@jetstream/protocol';
import { ConnectionTraffic } from '../content/connection-traffic.ts';
import type { Session } from '../session/session.ts';
import type { KeptLink } from './link-keeper.ts';

/** Time for an answer that is under way already, besides round trips. */
const ANSWER_MS = 1_000;
const ANSWER_ROUND_TRIPS = 2;

/** A session at the server with its login sent. It ends once; what comes after it is another link. */
export class Link implements KeptLink {
  readonly session: Session;
  /** Of its connection, by transfer. */
  readonly traffic: ConnectionTraffic;
  /** The account that the server gave; rejects with `login-refused`, `login-timeout` or why the session closed. */
  readonly account: Promise<string>;
  /** Who the server says that it is, if it does, once it has let us in. */
  server: ServerIdentity | undefined;
  onClosed: (why: JetStreamError) => void = () => undefined;
  #nextTransfer = 1;

  constructor(session: Session, account: Promise<string>) {
    this.session = session;
    this.traffic = new ConnectionTraffic(session.connection);
    this.account = account;
  }

  takeTransferId(): number {
    return this.#nextTransfer++;
  }

  get packetsReceived(): number {
    return this.session.connection.stats?.packetsReceived ?? 0;
  }

  answers(): Promise<boolean> {
    const { connection } = this.session;
    const roundTripMs = (connection.stats?.smoothedRttUs ?? 0) / 1000;
    return connection.answers(ANSWER_MS + ANSWER_ROUND_TRIPS * roundTripMs);
  }

  abandon(why: JetStreamError): void {
    this.session.abandon(why);
  }
}
