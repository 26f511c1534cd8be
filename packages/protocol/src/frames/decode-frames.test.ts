import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyFrame } from '../testing/frame-arbitrary.ts';
import { type FrameValue, readFrames, writeFrame } from '../testing/frame-value.ts';
import { decodeOrViolation, expectViolation, hexToBytes, mutated } from '../testing/hostile-bytes.ts';
import { MAX_ACK_DELAY_US, writeAckFrequency } from './ack-frequency.ts';
import { writeClose } from './close.ts';
import { writeDataHeader } from './data.ts';
import { FrameType } from './frame-type.ts';
import { writeStreamHeader } from './stream.ts';

const buffer = new Uint8Array(16_384);

function toBytes(frames: readonly FrameValue[]): Uint8Array {
  let at = 0;
  for (const frame of frames) at = writeFrame(buffer, at, frame);
  return buffer.slice(0, at);
}

const ASK_FOR_NO_ACK = ['padding', 'ack', 'close'];
const anyFrames = fc.array(anyFrame, { maxLength: 12 });

describe('frames of a packet', () => {
  it('are read back as they were written, in order', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        expect(readFrames(toBytes(frames)).frames).toEqual(frames.filter(({ frame }) => frame !== 'padding'));
      }),
      { numRuns: 500 },
    );
  });

  it('[FR-4] ask for an acknowledgement unless all are ACK, PADDING or CLOSE', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const eliciting = frames.some(({ frame }) => !ASK_FOR_NO_ACK.includes(frame));
        expect(readFrames(toBytes(frames)).ackEliciting).toBe(eliciting);
      }),
      { numRuns: 500 },
    );
    expect(readFrames(new Uint8Array(0)).ackEliciting).toBe(false);
  });

  it('[FR-1] of an unknown type are a violation', () => {
    const known = new Set<number>(Object.values(FrameType));
    for (let type = 0; type < 256; type++) {
      if (!known.has(type)) expectViolation(() => readFrames(Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, 0)));
    }
  });

  it('[FR-1] cut short anywhere are a violation', () => {
    const oneFrame = anyFrame.filter(({ frame }) => frame !== 'padding');
    fc.assert(
      fc.property(oneFrame, (frame) => {
        const bytes = toBytes([frame]);
        for (let length = 1; length < bytes.length; length++) {
          expectViolation(() => readFrames(bytes.subarray(0, length)));
        }
      }),
    );
  });

  it('[FR-1] with a field out of range are a violation', () => {
    expectViolation(() => readFrames(hexToBytes('05 00 c020000000000000')));
    expectViolation(() => readFrames(hexToBytes('06 00 00 01 aa')));
    expectViolation(() => readFrames(hexToBytes('07 00 01 00')));
    expectViolation(() => readFrames(hexToBytes('07 01 05 06')));
    expectViolation(() => readFrames(buffer.subarray(0, writeAckFrequency(buffer, 0, 1, 0, 1))));
    const slow = writeAckFrequency(buffer, 0, 1, 1, MAX_ACK_DELAY_US + 1);
    expectViolation(() => readFrames(buffer.subarray(0, slow)));
    const atTheEnd = (length: number) => {
      const at = writeStreamHeader(buffer, 0, 1, Number.MAX_SAFE_INTEGER - 1, length);
      return readFrames(buffer.subarray(0, at + length));
    };
    expect(atTheEnd(1).frames).toHaveLength(1);
    expectViolation(() => atTheEnd(2));
  });

  it('[FR-3] DATA over the end of its block is a violation', () => {
    const dataAt = (address: number, length: number) => {
      const at = writeDataHeader(buffer, 0, 1, address, length);
      return readFrames(buffer.subarray(0, at + length));
    };
    for (const block of [0, 1, 2 ** 33 - 1]) {
      const end = (block + 1) * 2 ** 20;
      expect(dataAt(end - 100, 100).frames).toHaveLength(1);
      expectViolation(() => dataAt(end - 100, 101));
      expectViolation(() => dataAt(end - 1, 2));
    }
  });

  it('a reason that is too long is cut at a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.integer({ min: 3, max: 80 }),
        (reason, room) => {
          const end = writeClose(buffer, 0, room, 'disk-full', reason);
          expect(end).toBeLessThanOrEqual(room);
          const [close] = readFrames(buffer.subarray(0, end)).frames;
          const text = close?.frame === 'close' ? close.reason : '';
          expect(reason.startsWith(text)).toBe(true);
          const isWhole = text === reason;
          if (!isWhole) expect(end).toBeGreaterThan(room - 4);
        },
      ),
    );
    expect(writeClose(buffer, 0, 2, 'none', '')).toBe(0);
  });

  it('a reason that is no UTF-8 and a code of a newer peer do not hide the close', () => {
    expect(readFrames(hexToBytes('0a 7bbd 02 ff41')).frames).toEqual([
      { frame: 'close', code: 'internal', reason: '\ufffdA' },
    ]);
  });

  it('[FR-1] random and mutated bytes give frames or a violation, nothing else', () => {
    const anyPlaintext = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.integer({ min: 0, max: 0x0c }), { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
      mutated(anyFrames.map(toBytes)),
    );
    let violations = 0;
    let packets = 0;
    fc.assert(
      fc.property(anyPlaintext, (plaintext) => {
        const result = decodeOrViolation(() => readFrames(plaintext));
        if (result === 'violation') violations++;
        else packets++;
      }),
      { numRuns: 8000 },
    );
    expect(violations).toBeGreaterThan(1000);
    expect(packets).toBeGreaterThan(100);
  });
});
