import type { Transmission } from '../contract.ts';
import type { EstablishedKeys, HandshakeDriver, HandshakeResult } from '../handshake-driver.ts';

/** Driver of a server's connection: the handshake was over before the connection began. */
export class CompletedHandshake implements HandshakeDriver {
  #result: HandshakeResult | undefined;

  constructor(keys: EstablishedKeys) {
    this.#result = { type: 'complete', ...keys };
  }

  pollResult(): HandshakeResult | undefined {
    const result = this.#result;
    this.#result = undefined;
    return result;
  }

  /** A repeated Finish: the client stops when our first packet, which loss recovery repeats, reaches it. */
  receive(): void {}

  transmit(_nowUs: number, _out: Uint8Array, transmission: Transmission): void {
    transmission.bytes = 0;
  }

  nextWakeUs(): number {
    return Number.POSITIVE_INFINITY;
  }

  acceptPeer(): void {}

  onPacketOpened(): void {}
}
