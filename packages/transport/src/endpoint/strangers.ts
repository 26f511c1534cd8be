import { sourceNetwork } from '@jetstream/protocol';

/**
 * Peers whose address is proved and who have not logged in, by the network that they come from: so one host cannot use up all
 * the connections of a server. Unfinished handshakes do not count, as anybody could have sent them in another's name.
 */
export class Strangers {
  readonly #maxPerNetwork: number;
  readonly #counts = new Map<string, number>();

  constructor(maxPerNetwork: number) {
    this.#maxPerNetwork = maxPerNetwork;
  }

  /** Are there as many from this address's network as may be? */
  areMany(address: string): boolean {
    return (this.#counts.get(sourceNetwork(address)) ?? 0) >= this.#maxPerNetwork;
  }

  add(address: string): void {
    const network = sourceNetwork(address);
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1);
  }

  /** It has logged in, or is gone. */
  remove(address: string): void {
    const network = sourceNetwork(address);
    const left = (this.#counts.get(network) ?? 0) - 1;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }
}
