/** PATH_CHALLENGE and PATH_RESPONSE, RFC 9000 §8.2. */
import { FrameType } from './frame-type.ts';

export const PATH_DATA_BYTES = 8;
export const PATH_FRAME_BYTES = 1 + PATH_DATA_BYTES;

/** @param data 8 unpredictable bytes */
export function writePathChallenge(buffer: Uint8Array, at: number, data: Uint8Array): number {
  return writePathFrame(buffer, at, FrameType.PathChallenge, data);
}

/** @param data the 8 bytes of the challenge */
export function writePathResponse(buffer: Uint8Array, at: number, data: Uint8Array): number {
  return writePathFrame(buffer, at, FrameType.PathResponse, data);
}

function writePathFrame(buffer: Uint8Array, at: number, type: number, data: Uint8Array): number {
  buffer[at] = type;
  for (let i = 0; i < PATH_DATA_BYTES; i++) buffer[at + 1 + i] = data[i]!;
  return at + PATH_FRAME_BYTES;
}
