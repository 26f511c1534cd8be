import { FrameType } from './frame-type.ts';

export const PING_FRAME_BYTES = 1;

/** @returns position after the frame, as all writers of frames */
export function writePing(buffer: Uint8Array, at: number): number {
  buffer[at] = FrameType.Ping;
  return at + PING_FRAME_BYTES;
}

/** Fills `buffer[at, end)` with PADDING. */
export function writePadding(buffer: Uint8Array, at: number, end: number): number {
  buffer.fill(FrameType.Padding, at, end);
  return end;
}
