import { sourceNetwork } from '@jetstream/protocol';
import type { KnownPath, PathStore } from '../contract.ts';
import { KeptPaths } from '../paths/kept-paths.ts';
import { localAddressTowards } from '../paths/local-address.ts';

/** Paths that a client knows. They hold for the own address that they began at: a machine that moves has others. */
export class ClientPaths {
  readonly #kept: KeptPaths;
  #addresses: readonly string[] = [];

  constructor(store: PathStore | undefined, onFailure: (what: string) => void) {
    this.#kept = new KeptPaths(store, onFailure);
  }

  /** What is known of the ways from here to the addresses of a host. */
  async towards(addresses: readonly string[]): Promise<KnownPath[]> {
    this.#addresses = addresses;
    const paths = await this.#kept.load();
    const found = await Promise.all(addresses.map((address) => pathsTowards(address, paths)));
    return found.flat();
  }

  /** Keeps what a connection has seen, as a path from where we are now: its end says nothing of any address before. */
  onSeen(path: KnownPath): void {
    const address = this.#addresses.find((one) => sourceNetwork(one) === path.network);
    if (address !== undefined) this.#kept.keep(fromHere(path, address));
  }

  async settled(): Promise<void> {
    await this.#kept.settled();
  }
}

async function pathsTowards(address: string, paths: readonly KnownPath[]): Promise<KnownPath[]> {
  const there = paths.filter(({ network }) => network === sourceNetwork(address));
  if (there.length === 0) return [];
  const here = await localAddressTowards(address);
  return there.filter(({ localAddress }) => localAddress === here);
}

async function fromHere(path: KnownPath, address: string): Promise<KnownPath> {
  const localAddress = await localAddressTowards(address);
  return localAddress === undefined ? path : { ...path, localAddress };
}
