/** STREAM and STREAM_CREDIT, PROTOCOL.md §2 and §2.1. */
import { encodedVarintLength, writeVarint } from '../varint.ts';
import { FrameType } from './frame-type.ts';
import { payloadCapacity } from './payload-capacity.ts';

/** Bytes of a STREAM frame besides its payload of `length` bytes. */
export function streamFrameOverhead(stream: number, offset: number, length: number): number {
  return 1 + encodedVarintLength(stream) + encodedVarintLength(offset) + encodedVarintLength(length);
}

/** Largest payload of a STREAM frame that fits into `room` bytes; not positive when none does. */
export function streamFrameCapacity(stream: number, offset: number, room: number): number {
  return payloadCapacity(room - 1 - encodedVarintLength(stream) - encodedVarintLength(offset));
}

/** Writes all but the payload. @returns where the payload of `length` bytes belongs */
export function writeStreamHeader(
  buffer: Uint8Array,
  at: number,
  stream: number,
  offset: number,
  length: number,
): number {
  buffer[at] = FrameType.Stream;
  let position = writeVarint(buffer, at + 1, stream);
  position = writeVarint(buffer, position, offset);
  return writeVarint(buffer, position, length);
}

export function writeStream(
  buffer: Uint8Array,
  at: number,
  stream: number,
  offset: number,
  payload: Uint8Array,
): number {
  const position = writeStreamHeader(buffer, at, stream, offset, payload.length);
  buffer.set(payload, position);
  return position + payload.length;
}

export function streamCreditFrameBytes(stream: number, maximumOffset: number): number {
  return 1 + encodedVarintLength(stream) + encodedVarintLength(maximumOffset);
}

/** @param maximumOffset bytes of the stream that the peer may send in all */
export function writeStreamCredit(
  buffer: Uint8Array,
  at: number,
  stream: number,
  maximumOffset: number,
): number {
  buffer[at] = FrameType.StreamCredit;
  return writeVarint(buffer, writeVarint(buffer, at + 1, stream), maximumOffset);
}
