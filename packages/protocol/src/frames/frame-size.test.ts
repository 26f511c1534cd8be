import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../constants.ts';
import { anyFrame, anyVarint } from '../testing/frame-arbitrary.ts';
import { type FrameValue, writeFrame } from '../testing/frame-value.ts';
import { ackFrequencyFrameBytes } from './ack-frequency.ts';
import { blockCreditFrameBytes, dataFrameCapacity, dataFrameOverhead, offsetInBlock } from './data.ts';
import { PATH_FRAME_BYTES } from './path-validation.ts';
import { PING_FRAME_BYTES } from './ping.ts';
import { streamCreditFrameBytes, streamFrameCapacity, streamFrameOverhead } from './stream.ts';

const buffer = new Uint8Array(4096);

function announcedBytes(value: FrameValue): number | undefined {
  switch (value.frame) {
    case 'ping':
      return PING_FRAME_BYTES;
    case 'stream': {
      const { stream, offset, payload } = value;
      return streamFrameOverhead(stream, offset, payload.length) + payload.length;
    }
    case 'stream-credit':
      return streamCreditFrameBytes(value.stream, value.maximumOffset);
    case 'data': {
      const { transfer, address, payload } = value;
      return dataFrameOverhead(transfer, address, payload.length) + payload.length;
    }
    case 'block-credit':
      return blockCreditFrameBytes(value.transfer, value.blocks, value.releasedBlocks);
    case 'path-challenge':
    case 'path-response':
      return PATH_FRAME_BYTES;
    case 'ack-frequency':
      return ackFrequencyFrameBytes(value.sequence, value.packetThreshold, value.maxDelayUs);
    default:
      return undefined;
  }
}

describe('sizes of frames', () => {
  it('are told before the frame is written', () => {
    fc.assert(
      fc.property(anyFrame, (value) => {
        const announced = announcedBytes(value);
        if (announced !== undefined) expect(writeFrame(buffer, 3, value) - 3).toBe(announced);
      }),
      { numRuns: 500 },
    );
  });

  it('a STREAM frame fills its room but for what a longer length costs', () => {
    fc.assert(
      fc.property(anyVarint, anyVarint, fc.nat(40_000), (stream, offset, room) => {
        const size = (length: number) => streamFrameOverhead(stream, offset, length) + length;
        const capacity = streamFrameCapacity(stream, offset, room);
        if (capacity >= 0) expect(size(capacity)).toBeLessThanOrEqual(room);
        expect(size(Math.max(0, capacity + 1))).toBeGreaterThan(room);
      }),
      { numRuns: 2000 },
    );
  });

  it('[FR-3] a DATA frame fills its room and ends with its block', () => {
    fc.assert(
      fc.property(anyVarint, anyVarint, fc.nat(70_000), (transfer, address, room) => {
        const size = (length: number) => dataFrameOverhead(transfer, address, length) + length;
        const capacity = dataFrameCapacity(transfer, address, room);
        expect(offsetInBlock(address)).toBe(address % BLOCK_BYTES);
        expect(capacity).toBeLessThanOrEqual(BLOCK_BYTES - (address % BLOCK_BYTES));
        if (capacity >= 0) expect(size(capacity)).toBeLessThanOrEqual(room);
        const isFull = size(Math.max(0, capacity + 1)) > room;
        expect(isFull || capacity === BLOCK_BYTES - (address % BLOCK_BYTES)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
