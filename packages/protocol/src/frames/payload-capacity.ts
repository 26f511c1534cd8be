/**
 * Largest payload such that its length as varint and the payload itself fit into `room`.
 * @returns negative when not even an empty payload fits
 */
export function payloadCapacity(room: number): number {
  if (room <= 2 + 0x3f) return Math.min(room - 1, 0x3f);
  if (room <= 4 + 0x3fff) return Math.min(room - 2, 0x3fff);
  return room - 4;
}
