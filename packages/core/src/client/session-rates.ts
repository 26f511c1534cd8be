import type { RatePolicy } from '@jetstream/congestion';
import type { LaneConnection } from '../lane/lane-connection.ts';
import type { ServerRatePolicy } from './server-rate-policy.ts';

/** By which rate policies a session's two sides send. All transfers of one direction share one: they share one path and its congestion control. */
export class SessionRates {
  /** Of the uploads. */
  ours: RatePolicy;
  /** Of the downloads, as far as the server has told. */
  servers: RatePolicy | undefined;
  readonly #connection: LaneConnection;
  readonly #serverPolicy: ServerRatePolicy;

  constructor(connection: LaneConnection, serverPolicy: ServerRatePolicy, ours: RatePolicy) {
    this.#connection = connection;
    this.#serverPolicy = serverPolicy;
    this.ours = ours;
  }

  /** @param policy one that passed `checkRatePolicy` */
  setOurs(policy: RatePolicy): void {
    this.ours = policy;
    this.#connection.setRatePolicy(policy);
  }

  /** @returns what the server keeps to from now on; rejects with why the session ended */
  async askServer(policy: RatePolicy): Promise<RatePolicy> {
    this.servers = await this.#serverPolicy.ask(policy);
    return this.servers;
  }
}
