import type { PathAddress } from '@jetstream/transport';

/**
 * A middlebox in front of one host that shows the world another address, and at given times a new one, as a NAT that
 * forgot its binding does: datagrams to an address that was given up are lost.
 */
export class Nat {
  readonly #bindings: readonly { readonly atUs: number; readonly address: PathAddress }[];
  #current = 0;

  /** @param bindings addresses in the order of their times, the first from 0 on */
  constructor(bindings: readonly { readonly atUs: number; readonly address: PathAddress }[]) {
    if (bindings[0]?.atUs !== 0) throw new RangeError('the first address of a NAT holds from 0 µs on');
    this.#bindings = bindings;
  }

  /** Every address that the host behind is ever known by. */
  get addresses(): readonly PathAddress[] {
    return this.#bindings.map((binding) => binding.address);
  }

  /** What the world sees at `nowUs`. Time does not go back. */
  addressAt(nowUs: number): PathAddress {
    while ((this.#bindings[this.#current + 1]?.atUs ?? Number.POSITIVE_INFINITY) <= nowUs) this.#current++;
    return this.#bindings[this.#current]!.address;
  }
}
