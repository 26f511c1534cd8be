import type { PathAddress } from '@jetstream/transport';
import { DatagramPool } from './datagram-pool.ts';
import { DROPPED, type Link } from './link.ts';
import { Nat } from './nat.ts';

interface Route {
  readonly from: number;
  readonly to: number;
  readonly links: readonly Link[];
}

/** Where a datagram goes and what it carries besides its bytes; the caller's event names the slot. */
export interface ArrivalSink {
  /** The datagram in `slot` gets to the end of its current link at `arrivesUs`. */
  arrives(arrivesUs: number, slot: number): void;
}

/** Who can be reached under which address over which links, and the datagrams under way. */
export class Network {
  readonly pool: DatagramPool;
  /** Datagrams to an address that nobody has (any more), by the host that sent them. */
  readonly unroutable: number[] = [];
  readonly #sink: ArrivalSink;
  readonly #nats: Nat[] = [];
  readonly #hostByAddress = new Map<string, Map<number, number>>();
  readonly #routes: Route[] = [];
  /** Index into `#routes`, by sender and then by receiver. */
  readonly #routeBetween: number[][] = [];
  readonly #from: PathAddress[] = [];
  readonly #to: PathAddress[] = [];
  readonly #ecn: number[] = [];

  constructor(slotBytes: number, sink: ArrivalSink) {
    this.pool = new DatagramPool(slotBytes);
    this.#sink = sink;
  }

  /** @returns the host's index */
  addHost(address: PathAddress): number {
    const host = this.#nats.push(new Nat(address)) - 1;
    this.#routeBetween.push([]);
    this.unroutable.push(0);
    this.#list(host, address);
    return host;
  }

  /** From now on the world sees the host at another address. */
  rebind(host: number, address: PathAddress): void {
    this.#list(host, address);
    this.#nats[host]!.rebind(address);
  }

  /** Datagrams from one host to another pass these links in order. Links may be shared among routes. */
  addRoute(from: number, to: number, links: readonly Link[]): void {
    if (links.length === 0) throw new RangeError('a route has at least one link');
    this.#routeBetween[from]![to] = this.#routes.push({ from, to, links }) - 1;
  }

  /** Takes over `slot`, in which host `from` has written a datagram of `bytes` bytes for `to`; `ecn` is its codepoint. */
  send(nowUs: number, from: number, slot: number, bytes: number, to: PathAddress, ecn: number): void {
    const receiver = this.#hostByAddress.get(to.address)?.get(to.port);
    const route = receiver === undefined ? undefined : this.#routeBetween[from]![receiver];
    if (route === undefined) {
      this.unroutable[from]!++;
      this.pool.release(slot);
      return;
    }
    this.pool.bytes[slot] = bytes;
    this.pool.route[slot] = route;
    this.pool.hop[slot] = 0;
    this.#from[slot] = this.#nats[from]!.external;
    this.#to[slot] = to;
    this.#ecn[slot] = ecn;
    this.#offer(nowUs, slot);
  }

  /**
   * The datagram in `slot` has come to the end of a link.
   * @returns the host that now has it (which releases the slot), or -1 when it goes on or is lost
   */
  forward(nowUs: number, slot: number): number {
    const route = this.#routes[this.pool.route[slot]!]!;
    const hop = this.pool.hop[slot]! + 1;
    if (hop < route.links.length) {
      this.pool.hop[slot] = hop;
      this.#offer(nowUs, slot);
      return -1;
    }
    if (!this.#nats[route.to]!.admits(this.#to[slot]!)) {
      this.unroutable[route.from]!++;
      this.pool.release(slot);
      return -1;
    }
    return route.to;
  }

  /** The address that the receiver of `slot` sees. */
  sender(slot: number): PathAddress {
    return this.#from[slot]!;
  }

  /** The ECN codepoint that the receiver of `slot` sees. */
  ecn(slot: number): number {
    return this.#ecn[slot]!;
  }

  /** Old addresses stay listed, so that datagrams to them find their way as far as the NAT. */
  #list(host: number, { address, port }: PathAddress): void {
    const ports = this.#hostByAddress.get(address) ?? new Map<number, number>();
    if ((ports.get(port) ?? host) !== host) throw new RangeError(`two hosts at ${address} port ${port}`);
    ports.set(port, host);
    this.#hostByAddress.set(address, ports);
  }

  #offer(nowUs: number, slot: number): void {
    const pool = this.pool;
    const link = this.#routes[pool.route[slot]!]!.links[pool.hop[slot]!]!;
    const arrivesUs = link.offer(nowUs, pool.datagram(slot), this.#ecn[slot]!);
    if (arrivesUs === DROPPED) {
      pool.release(slot);
      return;
    }
    this.#ecn[slot] = link.ecn;
    this.#sink.arrives(arrivesUs, slot);
    if (link.duplicateArrivesUs !== DROPPED) this.#sink.arrives(link.duplicateArrivesUs, this.#copy(slot));
  }

  #copy(slot: number): number {
    const pool = this.pool;
    const copy = pool.acquire();
    pool.slot(copy).set(pool.datagram(slot));
    pool.bytes[copy] = pool.bytes[slot]!;
    pool.route[copy] = pool.route[slot]!;
    pool.hop[copy] = pool.hop[slot]!;
    this.#from[copy] = this.#from[slot]!;
    this.#to[copy] = this.#to[slot]!;
    this.#ecn[copy] = this.#ecn[slot]!;
    return copy;
  }
}
