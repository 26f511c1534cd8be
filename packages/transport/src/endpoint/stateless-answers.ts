import { encodeCookie, encodeVersionNegotiation } from '@jetstream/protocol';
import type { PathAddress, Transmission } from '../contract.ts';

/** More than these are not worth keeping: whoever is left without an answer asks again. */
const MAX_ANSWERS = 64;

/**
 * Answers to Initials of which nothing is kept: Cookie (HS-4) and VersionNegotiation (HS-2). One for one datagram of at
 * least 1,200 bytes, and much shorter than that (HS-3).
 */
export class StatelessAnswers {
  readonly #waiting: { to: PathAddress; connectionId: Uint8Array; cookie: Uint8Array | undefined }[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  sendCookie(to: PathAddress, connectionId: Uint8Array, cookie: Uint8Array): void {
    this.#push(to, connectionId, cookie);
  }

  sendVersionNegotiation(to: PathAddress, connectionId: Uint8Array): void {
    this.#push(to, connectionId, undefined);
  }

  transmit(out: Uint8Array, transmission: Transmission): void {
    const answer = this.#waiting.shift();
    transmission.bytes = 0;
    if (answer === undefined) return;
    const { to, connectionId, cookie } = answer;
    transmission.address = to;
    transmission.bytes =
      cookie === undefined
        ? encodeVersionNegotiation(out, connectionId)
        : encodeCookie(out, connectionId, cookie);
  }

  #push(to: PathAddress, connectionId: Uint8Array, cookie: Uint8Array | undefined): void {
    if (this.#waiting.length === MAX_ANSWERS) return;
    // Copies: datagram and address object are used again by the datagram path.
    const copy = { address: to.address, port: to.port };
    this.#waiting.push({ to: copy, connectionId: new Uint8Array(connectionId), cookie });
  }
}
