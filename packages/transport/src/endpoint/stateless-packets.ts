import { encodeCookie, encodeDiscoverPacket, encodeVersionNegotiation } from '@jetstream/protocol';
import type { PathAddress, Transmission } from '../contract.ts';

/** More than these are not worth keeping: whoever is left without an answer asks again. */
const MAX_WAITING = 64;

/**
 * What is sent once and of which nothing is kept: Discover, and the answers to Initials, Cookie (HS-4) and VersionNegotiation (HS-2).
 * These are one for one datagram of at least 1,200 bytes, and much shorter than that (HS-3).
 */
export class StatelessPackets {
  readonly #waiting: { to: PathAddress; encode: (out: Uint8Array) => number }[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  sendCookie(to: PathAddress, connectionId: Uint8Array, cookie: Uint8Array): void {
    // A copy, as of the address: datagram and address object are used again by the datagram path.
    const id = new Uint8Array(connectionId);
    this.#push(to, (out) => encodeCookie(out, id, cookie));
  }

  sendVersionNegotiation(to: PathAddress, connectionId: Uint8Array): void {
    const id = new Uint8Array(connectionId);
    this.#push(to, (out) => encodeVersionNegotiation(out, id));
  }

  sendDiscover(to: PathAddress, token: Uint8Array): void {
    this.#push(to, (out) => encodeDiscoverPacket(out, token));
  }

  transmit(out: Uint8Array, transmission: Transmission): void {
    const packet = this.#waiting.shift();
    transmission.bytes = packet?.encode(out) ?? 0;
    if (packet) transmission.address = packet.to;
  }

  #push({ address, port }: PathAddress, encode: (out: Uint8Array) => number): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ to: { address, port }, encode });
  }
}
