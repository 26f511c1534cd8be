/** Header of protected packets, PROTOCOL.md §1.3: flags u8, destination connection id 8 B, packet number u32. */
import { type ConnectionIdKey, connectionIdKey } from './connection-id.ts';
import { CONNECTION_ID_BYTES, PROTECTED_HEADER_BYTES } from './constants.ts';
import { AEAD_TAG_BYTES } from './packet-aead.ts';
import { readUint32, writeUint32 } from './varint.ts';

export type KeyPhase = 0 | 1;

const KEY_PHASE_BIT = 0x40;
const PACKET_NUMBER_AT = 1 + CONNECTION_ID_BYTES;
const WINDOW = 2 ** 32;
const HALF_WINDOW = 2 ** 31;

/** Writes the 13 bytes at `buffer[at]`. @returns position after them, where the frames begin */
export function writeProtectedHeader(
  buffer: Uint8Array,
  at: number,
  keyPhase: KeyPhase,
  destinationConnectionId: Uint8Array,
  packetNumber: number,
): number {
  buffer[at] = keyPhase === 1 ? KEY_PHASE_BIT : 0;
  for (let i = 0; i < CONNECTION_ID_BYTES; i++) buffer[at + 1 + i] = destinationConnectionId[i]!;
  return writeUint32(buffer, at + PACKET_NUMBER_AT, packetNumber);
}

/** What `parseProtectedHeader` found; one object serves all packets. */
export interface ProtectedHeader {
  keyPhase: KeyPhase;
  destination: ConnectionIdKey;
  /** Low 32 bits of the packet number. */
  truncatedPacketNumber: number;
}

export function newProtectedHeader(): ProtectedHeader {
  return { keyPhase: 0, destination: 0, truncatedPacketNumber: 0 };
}

/**
 * Reads the header of a datagram into `header`.
 * @returns false for what is no protected packet (DG-1) or shorter than header and tag (DG-2)
 */
export function parseProtectedHeader(datagram: Uint8Array, header: ProtectedHeader): boolean {
  if (datagram.length < PROTECTED_HEADER_BYTES + AEAD_TAG_BYTES) return false;
  const flags = datagram[0]!;
  if (flags !== 0 && flags !== KEY_PHASE_BIT) return false;
  header.keyPhase = flags === 0 ? 0 : 1;
  header.destination = connectionIdKey(datagram, 1);
  header.truncatedPacketNumber = readUint32(datagram, PACKET_NUMBER_AT);
  return true;
}

/**
 * The full packet number nearest to `expected` (the largest opened so far plus one) that ends in these 32 bits;
 * RFC 9000 A.3. Never negative, never 2^53 or above.
 */
export function expandPacketNumber(truncated: number, expected: number): number {
  const candidate = expected - (expected % WINDOW) + truncated;
  if (candidate <= expected - HALF_WINDOW && candidate <= Number.MAX_SAFE_INTEGER - WINDOW) {
    return candidate + WINDOW;
  }
  if (candidate > expected + HALF_WINDOW && candidate >= WINDOW) return candidate - WINDOW;
  return candidate;
}
