import type { PathAddress } from '@jetstream/transport';

/**
 * A middlebox in front of one host that shows the world an address, and a new one after it forgot its binding: datagrams
 * to an address that was given up are lost.
 */
export class Nat {
  /** What the world sees. */
  external: PathAddress;

  constructor(address: PathAddress) {
    this.external = address;
  }

  /** Does a datagram to this address get through to the host? */
  admits(address: PathAddress): boolean {
    const { external } = this;
    return external === address || (external.port === address.port && external.address === address.address);
  }

  rebind(address: PathAddress): void {
    this.external = address;
  }
}
