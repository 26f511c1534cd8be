import { MAX_DATAGRAM_BYTES } from '@jetstream/protocol';
import type { Connection, PathAddress } from '../contract.ts';
import { seededRandom } from '../endpoint/testing/seeded-random.ts';
import type { ConnectedPair } from './connected-pair.ts';

export type Direction = 'up' | 'down';

export interface VirtualPathOptions {
  /** Default 1. */
  seed?: number;
  /** One way. Default 10,000. */
  delayUs?: number;
  /** Up to this much is added, at random, to each datagram: reordering. Default 0. */
  jitterUs?: number;
  /** Shares of datagrams. Default 0. */
  loss?: number;
  duplication?: number;
  /** Bottleneck each way. Default: none. */
  rateBytesPerSecond?: number;
  /** Queue before the bottleneck; more is dropped. Default 256 KiB. */
  queueBytes?: number;
  /** Both ends are looked after only so often, as in a thread that has too much to do. Default: always. */
  turnUs?: number;
}

interface Flight {
  arrivalUs: number;
  direction: Direction;
  bytes: Uint8Array;
}

/** A lossy path between two connections in virtual time. `drop` and the addresses may be changed while it runs. */
export class VirtualPath {
  nowUs: number;
  /** True for a datagram that shall not arrive. Called before all else. */
  drop: (direction: Direction, bytes: Uint8Array, nowUs: number) => boolean = () => false;
  /** Each datagram sent, with where it was addressed to. */
  onSent: (direction: Direction, bytes: Uint8Array, to: PathAddress) => void = () => {};
  /** Called after each step, to take events. */
  onStep: () => void = () => {};
  clientAddress: PathAddress;
  options: VirtualPathOptions;
  steps = 0;

  private readonly client: Connection;
  private readonly server: Connection;
  private readonly serverAddress: PathAddress;
  private readonly random: () => number;
  private readonly out = new Uint8Array(MAX_DATAGRAM_BYTES);
  /** Heap by arrival. */
  private readonly flights: Flight[] = [];
  private readonly freeUs = { up: 0, down: 0 };

  constructor(pair: ConnectedPair, options: VirtualPathOptions = {}, nowUs = 0) {
    this.client = pair.client;
    this.server = pair.server;
    this.clientAddress = pair.clientAddress;
    this.serverAddress = pair.serverAddress;
    this.options = options;
    this.random = seededRandom(options.seed ?? 1);
    this.nowUs = nowUs;
  }

  /**
   * Runs until `isDone` or `limitUs` of virtual time more has passed.
   * @returns whether it is done
   * @throws Error when time stands still for too many steps, with the seed
   */
  run(isDone: () => boolean, limitUs: number): boolean {
    const endUs = this.nowUs + limitUs;
    let idleSteps = 0;
    for (;;) {
      this.sendAll('up');
      this.sendAll('down');
      this.onStep();
      if (isDone()) return true;
      const nextUs = Math.max(this.nowUs, this.nextTurnUs());
      idleSteps = nextUs > this.nowUs ? 0 : idleSteps + 1;
      if (idleSteps > 10_000)
        throw new Error(`time stands still at ${this.nowUs} µs, seed ${this.options.seed ?? 1}`);
      if (nextUs > endUs) {
        this.nowUs = endUs;
        return false;
      }
      this.nowUs = nextUs;
      this.steps += 1;
      this.deliver();
    }
  }

  /** A datagram of an outsider. */
  inject(direction: Direction, bytes: Uint8Array): void {
    this.push({ arrivalUs: this.nowUs, direction, bytes });
  }

  private nextTurnUs(): number {
    const { turnUs = 0 } = this.options;
    return turnUs === 0 ? this.nextUs() : Math.ceil(this.nextUs() / turnUs) * turnUs;
  }

  private nextUs(): number {
    const arrivalUs = this.flights[0]?.arrivalUs ?? Number.POSITIVE_INFINITY;
    return Math.min(arrivalUs, this.client.nextWakeUs(), this.server.nextWakeUs());
  }

  private sendAll(direction: Direction): void {
    const from = direction === 'up' ? this.client : this.server;
    for (let i = 0; i < 100_000; i++) {
      const { bytes, address } = from.transmit(this.nowUs, this.out);
      if (bytes === 0) return;
      this.send(direction, this.out.slice(0, bytes), address);
    }
    throw new Error(`transmit never ends, seed ${this.options.seed ?? 1}`);
  }

  private send(direction: Direction, bytes: Uint8Array, to: PathAddress): void {
    const { loss = 0, duplication = 0, delayUs = 10_000, jitterUs = 0 } = this.options;
    this.onSent(direction, bytes, to);
    const at = direction === 'up' ? this.serverAddress : this.clientAddress;
    if (to.address !== at.address || to.port !== at.port) return;
    if (this.drop(direction, bytes, this.nowUs) || this.random() < loss) return;
    const departureUs = this.queue(direction, bytes.length);
    if (departureUs === undefined) return;
    const copies = this.random() < duplication ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const arrivalUs = departureUs + delayUs + jitterUs * this.random();
      this.push({ arrivalUs, direction, bytes: i === 0 ? bytes : bytes.slice() });
    }
  }

  private queue(direction: Direction, byteCount: number): number | undefined {
    const { rateBytesPerSecond, queueBytes = 256 * 1024 } = this.options;
    if (rateBytesPerSecond === undefined) return this.nowUs;
    const startUs = Math.max(this.nowUs, this.freeUs[direction]);
    if (((startUs - this.nowUs) * rateBytesPerSecond) / 1e6 > queueBytes) return undefined;
    this.freeUs[direction] = startUs + (byteCount * 1e6) / rateBytesPerSecond;
    return this.freeUs[direction];
  }

  private deliver(): void {
    while (this.flights.length > 0 && this.flights[0]!.arrivalUs <= this.nowUs) {
      const { direction, bytes } = this.pop();
      if (direction === 'up') this.server.receive(this.nowUs, bytes, this.clientAddress);
      else this.client.receive(this.nowUs, bytes, this.serverAddress);
    }
  }

  private push(flight: Flight): void {
    const { flights } = this;
    let at = flights.push(flight) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (flights[parent]!.arrivalUs <= flight.arrivalUs) break;
      flights[at] = flights[parent]!;
      at = parent;
    }
    flights[at] = flight;
  }

  private pop(): Flight {
    const { flights } = this;
    const top = flights[0]!;
    const last = flights.pop()!;
    if (flights.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= flights.length) break;
      if (child + 1 < flights.length && flights[child + 1]!.arrivalUs < flights[child]!.arrivalUs) child += 1;
      if (flights[child]!.arrivalUs >= last.arrivalUs) break;
      flights[at] = flights[child]!;
      at = child;
    }
    flights[at] = last;
    return top;
  }
}
