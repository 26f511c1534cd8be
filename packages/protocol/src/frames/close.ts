/** CLOSE, PROTOCOL.md §2. */
import { type ErrorCode, errorCodeFromWire, errorCodeToWire } from '../errors.ts';
import { encodedVarintLength, type FrameReader, writeVarint } from '../varint.ts';
import { FrameType } from './frame-type.ts';
import { payloadCapacity } from './payload-capacity.ts';

const encoder = new TextEncoder();
// A reason is for logs only: bytes that are no UTF-8 must not hide the code.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Writes CLOSE into `buffer[at, end)`; a reason that is too long is cut at a character.
 * @returns position after the frame; `at` when not even an empty reason fits
 */
export function writeClose(
  buffer: Uint8Array,
  at: number,
  end: number,
  code: ErrorCode,
  reason: string,
): number {
  const wireCode = errorCodeToWire(code);
  const room = payloadCapacity(end - at - 1 - encodedVarintLength(wireCode));
  if (room < 0) return at;
  const text = encoder.encode(reason);
  const length = text.length <= room ? text.length : characterBoundary(text, room);
  buffer[at] = FrameType.Close;
  let position = writeVarint(buffer, at + 1, wireCode);
  position = writeVarint(buffer, position, length);
  buffer.set(text.subarray(0, length), position);
  return position + length;
}

/** Reads what follows the type byte. */
export function readClose(reader: FrameReader): { code: ErrorCode; reason: string } {
  const code = errorCodeFromWire(reader.readVarint());
  const length = reader.readVarint();
  const start = reader.skip(length);
  return { code, reason: decoder.decode(reader.buffer.subarray(start, start + length)) };
}

/** Largest position up to `limit` that does not lie inside a UTF-8 sequence. */
function characterBoundary(text: Uint8Array, limit: number): number {
  let at = limit;
  while (at > 0 && (text[at]! & 0xc0) === 0x80) at -= 1;
  return at;
}
