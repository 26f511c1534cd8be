import type { RatePolicy } from '@jetstream/congestion';
import type { JetStreamError } from '@jetstream/protocol';
import { encodeRatePolicy } from '../session/rate-policy-message.ts';
import type { Session } from '../session/session.ts';
import type { ServerRatePolicy } from './server-rate-policy.ts';

/**
 * By which rate policies a client's two sides send, on one link after the other. All transfers of one direction share one: they
 * share one path and its congestion control.
 */
export class SessionRates {
  /** Of the uploads. */
  ours: RatePolicy;
  /** Of the downloads, as far as the server has told. */
  servers: RatePolicy | undefined;
  readonly #serverPolicy: ServerRatePolicy;
  #session: Session | undefined;
  #asked: RatePolicy | undefined;

  /** @param ours what connections begin with */
  constructor(serverPolicy: ServerRatePolicy, ours: RatePolicy) {
    this.#serverPolicy = serverPolicy;
    this.ours = ours;
  }

  /** What holds goes on to hold on another link. */
  attach(session: Session): void {
    if (this.#session !== undefined) session.connection.setRatePolicy(this.ours);
    if (this.#asked !== undefined) this.askServer(this.#asked).catch(() => undefined);
    this.#session = session;
    this.#serverPolicy.connect((asked) =>
      session.sendControl({ body: { $case: 'ratePolicy', value: encodeRatePolicy(asked) } }),
    );
  }

  /** @param policy one that passed `checkRatePolicy` */
  setOurs(policy: RatePolicy): void {
    this.ours = policy;
    this.#session?.connection.setRatePolicy(policy);
  }

  /** @returns what the server keeps to from now on; rejects with why there is no server any more */
  async askServer(policy: RatePolicy): Promise<RatePolicy> {
    this.#asked = policy;
    this.servers = await this.#serverPolicy.ask(policy);
    return this.servers;
  }

  /** No link follows. */
  end(why: JetStreamError): void {
    this.#serverPolicy.end(why);
  }
}
