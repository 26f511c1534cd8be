import { CONNECTION_ID_BYTES } from './constants.ts';
import { readUint32 } from './varint.ts';

/**
 * A connection id as key of a Map. Ids below 2^53 (all of ours: see `connectionIdFromRandom`) are that number, which
 * costs no allocation per packet; the others, which only a peer can choose, are a string of four UTF-16 units. A number
 * never equals a string in a Map, and both forms hold all 64 bits: two ids never share a key.
 */
export type ConnectionIdKey = number | string;

/** Key of the 8 bytes at `buffer[at]`. */
export function connectionIdKey(buffer: Uint8Array, at = 0): ConnectionIdKey {
  const high = readUint32(buffer, at);
  const low = readUint32(buffer, at + 4);
  return high <= 0x1f_ffff
    ? high * 2 ** 32 + low
    : String.fromCharCode(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff);
}

/** Where a connection id holds the number of the lane that its connection lives on. */
const LANE_AT = 7;

/**
 * Makes a connection id of ours from 8 random bytes: below 2^53 (ids are names, not secrets), and not zero, which means
 * "none" in a packet. The bytes given are left as they are.
 * @param lane 0…255, number of the thread that the connection lives on, where several share a port; takes the place of the
 *   last byte
 */
export function connectionIdFromRandom(random: Uint8Array, lane?: number): Uint8Array {
  const id = random.slice(0, CONNECTION_ID_BYTES);
  id[0] = 0;
  id[1]! &= 0x1f;
  if (lane !== undefined) id[LANE_AT] = lane;
  if (connectionIdKey(id) === 0) id[6] = 1;
  return id;
}

/** The `lane` that `connectionIdFromRandom` put into the id at `buffer[at]`. */
export function connectionIdLane(buffer: Uint8Array, at = 0): number {
  return buffer[at + LANE_AT]!;
}

/** Whether the 8 bytes at `buffer[at]` are zero: no connection id. */
export function isZeroConnectionId(buffer: Uint8Array, at = 0): boolean {
  return connectionIdKey(buffer, at) === 0;
}
