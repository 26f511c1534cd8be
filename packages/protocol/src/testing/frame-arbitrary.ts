import fc from 'fast-check';
import { BLOCK_BYTES, MAX_ACK_RANGES } from '../constants.ts';
import { ERROR_CODES, type ErrorCode } from '../errors.ts';
import { MAX_ACK_DELAY_US } from '../frames/ack-frequency.ts';
import { ARRIVAL_MODULUS_US, MAX_ARRIVAL_RUNS } from '../frames/arrival-runs.ts';
import { MAX_VARINT } from '../varint.ts';
import type { FrameValue } from './frame-value.ts';

/** Integers below 2^53, all four lengths of a varint alike. */
export const anyVarint: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 0x3f }),
  fc.integer({ min: 0x40, max: 0x3fff }),
  fc.integer({ min: 0x4000, max: 0x3fff_ffff }),
  fc.maxSafeNat().map((value) => Math.max(value, 0x4000_0000)),
  fc.constantFrom(0, 0x3f, 0x40, 0x3fff, 0x4000, 0x3fff_ffff, 0x4000_0000, 2 ** 32, MAX_VARINT),
);

const anyTransfer = anyVarint.map((value) => Math.max(1, value));
const anyBytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 100 });

export const anyAck: fc.Arbitrary<Extract<FrameValue, { frame: 'ack' }>> = fc
  .record({
    largest: anyVarint,
    delayUs: anyVarint,
    arrivalUs: fc.oneof(fc.nat(100_000), fc.nat(ARRIVAL_MODULUS_US - 1)),
    lengths: fc.array(fc.tuple(fc.nat(300), fc.nat(20_000)), { minLength: 1, maxLength: MAX_ACK_RANGES }),
    runs: fc.array(
      fc.record({ gapUs: fc.nat(ARRIVAL_MODULUS_US - 1), packets: fc.integer({ min: 1, max: 5_000 }) }),
      { maxLength: MAX_ARRIVAL_RUNS },
    ),
    ecn: fc.option(fc.tuple(anyVarint, anyVarint, anyVarint), { nil: undefined }),
  })
  .map(({ largest, delayUs, arrivalUs, lengths, runs, ecn }) => {
    const ranges: [number, number][] = [];
    let top = largest;
    for (const [length, gap] of lengths) {
      if (top < 0) break;
      ranges.push([Math.max(0, top - length), top]);
      top -= length + gap + 2;
    }
    const arrivals = runs.map((run, i) => (i === 0 ? { ...run, gapUs: 0 } : run));
    const ack = { frame: 'ack' as const, delayUs, arrivalUs, ranges, arrivals };
    return ecn === undefined ? ack : { ...ack, ecn };
  });

export const anyFrame: fc.Arbitrary<FrameValue> = fc.oneof(
  fc.constant<FrameValue>({ frame: 'ping' }),
  fc.record({ frame: fc.constant('padding' as const), bytes: fc.integer({ min: 1, max: 30 }) }),
  anyAck,
  fc
    .record({ stream: anyVarint, offset: anyVarint, payload: anyBytes })
    .map(({ stream, offset, payload }): FrameValue => {
      return { frame: 'stream', stream, offset: Math.min(offset, MAX_VARINT - payload.length), payload };
    }),
  fc.record({ frame: fc.constant('stream-credit' as const), stream: anyVarint, maximumOffset: anyVarint }),
  fc
    .record({ transfer: anyTransfer, address: anyVarint, payload: anyBytes })
    .map(({ transfer, address, payload }): FrameValue => {
      const room = BLOCK_BYTES - (address % BLOCK_BYTES);
      return { frame: 'data', transfer, address, payload: payload.slice(0, room) };
    }),
  fc
    .record({ transfer: anyTransfer, counts: fc.tuple(anyVarint, anyVarint) })
    .map(({ transfer, counts }) => ({
      frame: 'block-credit' as const,
      transfer,
      blocks: Math.max(...counts),
      releasedBlocks: Math.min(...counts),
    })),
  fc.record({
    frame: fc.constantFrom('path-challenge' as const, 'path-response' as const),
    data: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 8, maxLength: 8 }),
  }),
  fc.record({
    frame: fc.constant('close' as const),
    code: fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[])),
    reason: fc.string({ unit: 'grapheme', maxLength: 60 }),
  }),
  fc.record({
    frame: fc.constant('ack-frequency' as const),
    sequence: anyVarint,
    packetThreshold: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    maxDelayUs: fc.nat(MAX_ACK_DELAY_US),
  }),
);
