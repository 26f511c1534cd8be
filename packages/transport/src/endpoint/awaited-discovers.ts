import { discoverTokenOf } from '@jetstream/protocol';
import type { PathAddress } from '../contract.ts';
import type { Discovered } from '../endpoint-contract.ts';

/** Which Discover packets are waited for, and those that came (DP-2): no more than were waited for, whoever sends them. */
export class AwaitedDiscovers {
  readonly #awaited = new Set<string>();
  readonly #came: Discovered[] = [];

  expect(token: Uint8Array): void {
    this.#awaited.add(keyOf(token));
  }

  forget(token: Uint8Array): void {
    this.#awaited.delete(keyOf(token));
  }

  /** @returns whether there was one to look at: then the datagram is nothing else */
  receive(datagram: Uint8Array, { address, port }: PathAddress): boolean {
    const token = discoverTokenOf(datagram);
    if (token === undefined) return false;
    if (this.#awaited.size > 0 && this.#awaited.delete(keyOf(token)))
      this.#came.push({ token: new Uint8Array(token), from: { address, port } });
    return true;
  }

  poll(): Discovered | undefined {
    return this.#came.shift();
  }
}

function keyOf(token: Uint8Array): string {
  return Buffer.from(token.buffer, token.byteOffset, token.byteLength).toString('hex');
}
