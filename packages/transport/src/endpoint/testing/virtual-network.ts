import type { PathAddress } from '../../contract.ts';
import type { Endpoint } from '../../endpoint-contract.ts';
import { seededRandom } from './seeded-random.ts';

export interface NetworkOptions {
  seed: number;
  /** Share of datagrams lost, 0…1. Default 0. */
  loss?: number;
  /** Share that arrives twice. Default 0. */
  duplication?: number;
  /** Share of which a few bits are flipped on the way. Default 0. */
  corruption?: number;
  /** One way. Default 20 ms. */
  delayUs?: number;
  /** Added at random, so that datagrams overtake each other. Default 0. */
  jitterUs?: number;
}

export interface Datagram {
  from: PathAddress;
  to: PathAddress;
  bytes: Uint8Array;
}

/** A lossy datagram network between endpoints, in virtual time. */
export class VirtualNetwork {
  nowUs = 1_000_000;
  /** Sees every datagram that an endpoint sends, before anything happens to it. False: it is lost. */
  onSent: (datagram: Datagram) => boolean = () => true;
  readonly #options: Required<NetworkOptions>;
  readonly #random: () => number;
  readonly #hosts: { endpoint: Endpoint; address: PathAddress }[] = [];
  #inFlight: { datagram: Datagram; arrivalUs: number }[] = [];
  readonly #buffer = new Uint8Array(65_536);

  constructor(options: NetworkOptions) {
    this.#options = { loss: 0, duplication: 0, corruption: 0, delayUs: 20_000, jitterUs: 0, ...options };
    this.#random = seededRandom(options.seed);
  }

  add(endpoint: Endpoint, address: PathAddress): void {
    this.#hosts.push({ endpoint, address });
  }

  /** Puts a datagram into the network as an attacker would; it arrives after the delay, unharmed. */
  inject(datagram: Datagram): void {
    this.#inFlight.push({ datagram, arrivalUs: this.nowUs + this.#options.delayUs });
  }

  /**
   * Runs until the condition holds or that much time has passed. Serves events by `serve` after every step.
   * @returns whether the condition held
   */
  run(limitUs: number, isDone: () => boolean, serve: () => void = () => {}): boolean {
    const endUs = this.nowUs + limitUs;
    for (let steps = 0; steps < 1_000_000; steps++) {
      this.#sendAll();
      serve();
      this.#sendAll();
      if (isDone()) return true;
      const nextUs = Math.min(
        ...this.#inFlight.map(({ arrivalUs }) => arrivalUs),
        ...this.#hosts.map(({ endpoint }) => endpoint.nextWakeUs()),
      );
      if (nextUs > endUs) {
        this.nowUs = endUs;
        return false;
      }
      this.nowUs = Math.max(this.nowUs, nextUs);
      this.#deliverDue();
    }
    throw new Error(`the network does not come to rest (seed ${this.#options.seed})`);
  }

  #sendAll(): void {
    for (const { endpoint, address } of this.#hosts) {
      for (let count = 0; ; count++) {
        if (count > 10_000) throw new Error(`an endpoint sends without end (seed ${this.#options.seed})`);
        const { bytes, address: to } = endpoint.transmit(this.nowUs, this.#buffer);
        if (bytes === 0) break;
        this.#send({ from: address, to: { ...to }, bytes: this.#buffer.slice(0, bytes) });
      }
    }
  }

  #send(datagram: Datagram): void {
    const { loss, duplication, corruption, delayUs, jitterUs } = this.#options;
    if (!this.onSent(datagram) || this.#random() < loss) return;
    const copies = this.#random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const bytes = datagram.bytes.slice();
      if (this.#random() < corruption) {
        for (let flips = 0; flips < 3; flips++) {
          bytes[Math.floor(this.#random() * bytes.length)]! ^= 1 << Math.floor(this.#random() * 8);
        }
      }
      const arrivalUs = this.nowUs + delayUs + this.#random() * jitterUs;
      this.#inFlight.push({ datagram: { ...datagram, bytes }, arrivalUs });
    }
  }

  #deliverDue(): void {
    const due = this.#inFlight.filter(({ arrivalUs }) => arrivalUs <= this.nowUs);
    this.#inFlight = this.#inFlight.filter(({ arrivalUs }) => arrivalUs > this.nowUs);
    due.sort((a, b) => a.arrivalUs - b.arrivalUs);
    for (const { datagram } of due) {
      const host = this.#hosts.find(
        ({ address }) => address.port === datagram.to.port && address.address === datagram.to.address,
      );
      host?.endpoint.receive(this.nowUs, datagram.bytes, datagram.from);
    }
  }
}
