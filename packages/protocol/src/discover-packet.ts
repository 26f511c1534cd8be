/** Discover packets, PROTOCOL.md §1.4: type u8, version u32, token 16 B. */
import { PROTOCOL_VERSION } from './constants.ts';
import { JetStreamError } from './errors.ts';
import { readUint32, writeUint32 } from './varint.ts';

export const DISCOVER_TOKEN_BYTES = 16;
const TYPE = 0x85;
const TOKEN_AT = 5;
const DISCOVER_PACKET_BYTES = TOKEN_AT + DISCOVER_TOKEN_BYTES;

/** @returns bytes written. @throws JetStreamError `internal` when `out` is too small, or the token has another length */
export function encodeDiscoverPacket(out: Uint8Array, token: Uint8Array): number {
  if (out.length < DISCOVER_PACKET_BYTES || token.length !== DISCOVER_TOKEN_BYTES) {
    throw new JetStreamError(
      'internal',
      `a discover packet has ${DISCOVER_PACKET_BYTES} bytes, ${DISCOVER_TOKEN_BYTES} of them token`,
    );
  }
  out[0] = TYPE;
  writeUint32(out, 1, PROTOCOL_VERSION);
  out.set(token, TOKEN_AT);
  return DISCOVER_PACKET_BYTES;
}

/** @returns a view of the token; undefined for all that is no discover packet of our version (DP-1) */
export function discoverTokenOf(datagram: Uint8Array): Uint8Array | undefined {
  if (datagram.length !== DISCOVER_PACKET_BYTES || datagram[0] !== TYPE) return undefined;
  return readUint32(datagram, 1) === PROTOCOL_VERSION ? datagram.subarray(TOKEN_AT) : undefined;
}
