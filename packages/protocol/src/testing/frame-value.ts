/** Frames as plain values, for tests that compare what was written with what was read. */
import type { ErrorCode } from '../errors.ts';
import { AckFrame, writeAck } from '../frames/ack.ts';
import { writeAckFrequency } from '../frames/ack-frequency.ts';
import { writeClose } from '../frames/close.ts';
import { writeBlockCredit, writeData } from '../frames/data.ts';
import { decodeFrames, type FrameVisitor } from '../frames/decode-frames.ts';
import { writePathChallenge, writePathResponse } from '../frames/path-validation.ts';
import { writePadding, writePing } from '../frames/ping.ts';
import { writeStream, writeStreamCredit } from '../frames/stream.ts';

export type FrameValue =
  | { frame: 'padding'; bytes: number }
  | { frame: 'ping' }
  | {
      frame: 'ack';
      delayUs: number;
      arrivalUs: number;
      ranges: [number, number][];
      arrivals: { gapUs: number; packets: number }[];
      ecn?: [number, number, number];
    }
  | { frame: 'stream'; stream: number; offset: number; payload: number[] }
  | { frame: 'stream-credit'; stream: number; maximumOffset: number }
  | { frame: 'data'; transfer: number; address: number; payload: number[] }
  | { frame: 'block-credit'; transfer: number; blocks: number; releasedBlocks: number }
  | { frame: 'path-challenge' | 'path-response'; data: number[] }
  | { frame: 'close'; code: ErrorCode; reason: string }
  | { frame: 'ack-frequency'; sequence: number; packetThreshold: number; maxDelayUs: number };

export function writeFrame(buffer: Uint8Array, at: number, value: FrameValue): number {
  switch (value.frame) {
    case 'padding':
      return writePadding(buffer, at, at + value.bytes);
    case 'ping':
      return writePing(buffer, at);
    case 'ack':
      return writeAck(buffer, at, buffer.length, toAckFrame(value));
    case 'stream':
      return writeStream(buffer, at, value.stream, value.offset, Uint8Array.from(value.payload));
    case 'stream-credit':
      return writeStreamCredit(buffer, at, value.stream, value.maximumOffset);
    case 'data':
      return writeData(buffer, at, value.transfer, value.address, Uint8Array.from(value.payload));
    case 'block-credit':
      return writeBlockCredit(buffer, at, value.transfer, value.blocks, value.releasedBlocks);
    case 'path-challenge':
      return writePathChallenge(buffer, at, Uint8Array.from(value.data));
    case 'path-response':
      return writePathResponse(buffer, at, Uint8Array.from(value.data));
    case 'close':
      return writeClose(buffer, at, buffer.length, value.code, value.reason);
    case 'ack-frequency':
      return writeAckFrequency(buffer, at, value.sequence, value.packetThreshold, value.maxDelayUs);
  }
}

/** Decodes a packet's plaintext; PADDING leaves no value. */
export function readFrames(bytes: Uint8Array): { frames: FrameValue[]; ackEliciting: boolean } {
  const frames: FrameValue[] = [];
  const ackEliciting = decodeFrames(bytes, 0, bytes.length, frameCollector(frames));
  return { frames, ackEliciting };
}

export function toAckFrame(value: Extract<FrameValue, { frame: 'ack' }>): AckFrame {
  const ack = new AckFrame();
  ack.delayUs = value.delayUs;
  ack.arrivalUs = value.arrivalUs;
  for (const [smallest, largest] of value.ranges) ack.addRange(smallest, largest);
  for (const { gapUs, packets } of value.arrivals) ack.arrivals.add(gapUs, packets);
  if (value.ecn !== undefined) {
    ack.hasEcn = true;
    [ack.ect0Count, ack.ect1Count, ack.ceCount] = value.ecn;
  }
  return ack;
}

export function fromAckFrame(ack: AckFrame): FrameValue {
  const ranges = Array.from({ length: ack.rangeCount }, (_, i): [number, number] => [
    ack.smallest[i]!,
    ack.largest[i]!,
  ]);
  const arrivals = Array.from({ length: ack.arrivals.count }, (_, i) => ({
    gapUs: ack.arrivals.gapsUs[i]!,
    packets: ack.arrivals.packets[i]!,
  }));
  const { delayUs, arrivalUs } = ack;
  const value: FrameValue = { frame: 'ack', delayUs, arrivalUs, ranges, arrivals };
  return ack.hasEcn ? { ...value, ecn: [ack.ect0Count, ack.ect1Count, ack.ceCount] } : value;
}

function frameCollector(frames: FrameValue[]): FrameVisitor {
  return {
    onPing: () => frames.push({ frame: 'ping' }),
    onAck: (ack) => frames.push(fromAckFrame(ack)),
    onStream: (stream, offset, buffer, start, end) =>
      frames.push({ frame: 'stream', stream, offset, payload: [...buffer.subarray(start, end)] }),
    onStreamCredit: (stream, maximumOffset) => frames.push({ frame: 'stream-credit', stream, maximumOffset }),
    onData: (transfer, address, buffer, start, end) =>
      frames.push({ frame: 'data', transfer, address, payload: [...buffer.subarray(start, end)] }),
    onBlockCredit: (transfer, blocks, releasedBlocks) =>
      frames.push({ frame: 'block-credit', transfer, blocks, releasedBlocks }),
    onPathChallenge: (buffer, start) =>
      frames.push({ frame: 'path-challenge', data: [...buffer.subarray(start, start + 8)] }),
    onPathResponse: (buffer, start) =>
      frames.push({ frame: 'path-response', data: [...buffer.subarray(start, start + 8)] }),
    onClose: (code, reason) => frames.push({ frame: 'close', code, reason }),
    onAckFrequency: (sequence, packetThreshold, maxDelayUs) =>
      frames.push({ frame: 'ack-frequency', sequence, packetThreshold, maxDelayUs }),
  };
}
