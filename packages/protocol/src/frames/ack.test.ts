import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ACK_RANGES } from '../constants.ts';
import { anyAck } from '../testing/frame-arbitrary.ts';
import { fromAckFrame, readFrames, toAckFrame } from '../testing/frame-value.ts';
import { decodeOrViolation, expectViolation } from '../testing/hostile-bytes.ts';
import { writeVarint } from '../varint.ts';
import { AckFrame, writeAck } from './ack.ts';
import { FrameType } from './frame-type.ts';

const buffer = new Uint8Array(2048);

function ackBytes(...fields: number[]): Uint8Array {
  buffer[0] = FrameType.Ack;
  let at = 1;
  for (const field of fields) at = writeVarint(buffer, at, field);
  return buffer.slice(0, at);
}

describe('ACK', () => {
  it('holds what the budget allows: the highest ranges, then the arrival runs, all of them when there is room', () => {
    fc.assert(
      fc.property(anyAck, fc.nat(600), (value, budget) => {
        const ack = toAckFrame(value);
        buffer.fill(0xee);
        const end = writeAck(buffer, 10, 10 + budget, ack);
        expect(end).toBeLessThanOrEqual(10 + budget);
        expect(buffer[end]).toBe(0xee);
        const needed = writeAck(buffer, 0, buffer.length, ack);
        if (end === 10) {
          const firstOnly = toAckFrame({ ...value, ranges: value.ranges.slice(0, 1), arrivals: [] });
          expect(writeAck(buffer, 0, buffer.length, firstOnly)).toBeGreaterThan(budget);
          return;
        }
        writeAck(buffer, 10, 10 + budget, ack);
        const [read] = readFrames(buffer.slice(10, end)).frames;
        expect(read).toMatchObject({ delayUs: value.delayUs, arrivalUs: value.arrivalUs });
        const { ranges, arrivals } = read?.frame === 'ack' ? read : { ranges: [], arrivals: [] };
        if (arrivals.length > 0) expect(arrivals).toEqual(value.arrivals);
        expect(ranges).toEqual(value.ranges.slice(0, ranges.length));
        if (ranges.length < value.ranges.length || arrivals.length < value.arrivals.length)
          expect(needed).toBeGreaterThan(budget);
      }),
    );
  });

  it('is not written without a range', () => {
    expect(writeAck(buffer, 5, 100, new AckFrame())).toBe(5);
  });

  it('[FR-2] takes 64 ranges and refuses 65, however they are written', () => {
    const ranges = (count: number) => ackBytes(1000, 0, 0, count - 1, ...Array(2 * count - 1).fill(1), 0);
    const [read] = readFrames(ranges(MAX_ACK_RANGES)).frames;
    expect(read?.frame === 'ack' && read.ranges.length).toBe(64);
    expectViolation(() => readFrames(ranges(MAX_ACK_RANGES + 1)));
    expectViolation(() => readFrames(ackBytes(1000, 0, 0, 2 ** 40, 1)));
    const ack = new AckFrame();
    for (let i = 0; i < 64; i++) expect(ack.addRange(1000 - 4 * i, 1001 - 4 * i)).toBe(true);
    expect(ack.addRange(0, 1)).toBe(false);
  });

  it('[FR-2] refuses ranges below packet 0', () => {
    expectViolation(() => readFrames(ackBytes(5, 0, 7, 0, 6, 0)));
    expectViolation(() => readFrames(ackBytes(5, 0, 7, 1, 0, 4, 0, 0)));
    expectViolation(() => readFrames(ackBytes(5, 0, 7, 1, 0, 2, 2, 0)));
    expectViolation(() => readFrames(ackBytes(5, 0, 7, 1, 5, 0, 0, 0)));
    expect(readFrames(ackBytes(5, 0, 7, 1, 0, 2, 1, 0)).frames).toEqual([
      {
        frame: 'ack',
        delayUs: 0,
        arrivalUs: 7,
        ranges: [
          [5, 5],
          [0, 1],
        ],
        arrivals: [],
      },
    ]);
  });

  it('[FR-1] refuses an arrival time of 2^30 µs or more', () => {
    expect(readFrames(ackBytes(5, 0, 2 ** 30 - 1, 0, 0, 0)).frames).toMatchObject([
      { arrivalUs: 2 ** 30 - 1 },
    ]);
    expectViolation(() => readFrames(ackBytes(5, 0, 2 ** 30, 0, 0, 0)));
  });

  it('[FR-1] refuses more than 32 arrival runs, empty ones, and gaps of 2^30 µs or more', () => {
    const runs = (...fields: number[]) => ackBytes(5, 0, 7, 0, 5, ...fields);
    const most = runs(
      32,
      1,
      ...Array(31)
        .fill([2 ** 30 - 1, 3])
        .flat(),
    );
    expect(readFrames(most).frames).toMatchObject([{ arrivals: { length: 32 } }]);
    expectViolation(() => readFrames(runs(33, 1, ...Array(32).fill([9, 3]).flat())));
    expectViolation(() => readFrames(runs(2, 1, 9, 0)));
    expectViolation(() => readFrames(runs(2, 0, 9, 1)));
    expectViolation(() => readFrames(runs(1, 2 ** 30)));
    expectViolation(() => readFrames(runs(2, 1, 2 ** 30, 1)));
    expectViolation(() => readFrames(runs(2, 1)));
  });

  it('[FR-2] ranges that are read never overlap and always descend', () => {
    const anyFields = fc.array(fc.nat(200), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(anyFields, (fields) => {
        const result = decodeOrViolation(() => readFrames(ackBytes(...fields)));
        if (result === 'violation') return;
        const [read] = result.frames;
        if (read?.frame !== 'ack') return;
        let below = Number.POSITIVE_INFINITY;
        for (const [smallest, largest] of read.ranges) {
          expect(smallest).toBeGreaterThanOrEqual(0);
          expect(smallest).toBeLessThanOrEqual(largest);
          expect(largest).toBeLessThan(below - 1);
          below = smallest;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('forgets marks and ranges of the ACK before', () => {
    const ack = toAckFrame({
      frame: 'ack',
      delayUs: 9,
      arrivalUs: 3,
      ranges: [[1, 2]],
      arrivals: [{ gapUs: 0, packets: 2 }],
      ecn: [1, 2, 3],
    });
    ack.clear();
    ack.addRange(7, 8);
    expect(fromAckFrame(ack)).toEqual({
      frame: 'ack',
      delayUs: 0,
      arrivalUs: 0,
      ranges: [[7, 8]],
      arrivals: [],
    });
  });
});
