/** Header of protected packets, PROTOCOL.md §1.3: flags u8, destination connection id 8 B, packet number u32. */
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

/** Is the datagram `bytes[start, end)` a protected packet (DG-1) with room for header and tag (DG-2)? */
export function isProtectedPacket(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
  return end - start >= PROTECTED_HEADER_BYTES + AEAD_TAG_BYTES && (bytes[start]! & ~KEY_PHASE_BIT) === 0;
}

/** Low 32 bits of the number of the protected packet that begins at `bytes[start]`. */
export function truncatedPacketNumber(bytes: Uint8Array, start = 0): number {
  return readUint32(bytes, start + PACKET_NUMBER_AT);
}

/**
 * The full packet number nearest to `expected` (the largest opened so far plus one) that ends in these 32 bits;
 * RFC 9000 A.3. Never negative, never 2^53 or above.
 */
export function expandPacketNumber(truncated: number, expected: number): number {
  // The difference modulo 2^32, from -2^31 on: bit operations, for `%` of large numbers is slow.
  const difference = (truncated - expected) | 0;
  const room = Number.MAX_SAFE_INTEGER - expected;
  if (difference > room) return expected + (difference - WINDOW);
  const isLow = expected + difference < 0 || difference === -HALF_WINDOW;
  return isLow && difference + WINDOW <= room ? expected + (difference + WINDOW) : expected + difference;
}
