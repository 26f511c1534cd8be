import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  connectionIdFromRandom,
  connectionIdKey,
  connectionIdLane,
  isZeroConnectionId,
} from './connection-id.ts';

const anyId = fc.uint8Array({ minLength: 8, maxLength: 8 });

describe('connection id', () => {
  it('has a key of its own, whatever its bits', () => {
    const nearId = fc
      .tuple(anyId, fc.nat(63))
      .map(([id, bit]) => [id, id.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))]);
    fc.assert(
      fc.property(fc.oneof(nearId, fc.tuple(anyId, anyId)), ([one, other]) => {
        const same = Buffer.compare(one!, other!) === 0;
        expect(connectionIdKey(one!) === connectionIdKey(other!)).toBe(same);
      }),
    );
  });

  it('is read from where it stands in a datagram', () => {
    const bytes = Uint8Array.from([9, 0, 0, 0, 0, 0, 0, 1, 2, 9]);
    expect(connectionIdKey(bytes, 1)).toBe(0x102);
    expect(isZeroConnectionId(bytes, 1)).toBe(false);
    expect(isZeroConnectionId(new Uint8Array(8))).toBe(true);
  });

  it('of ours has a number as key and is never zero', () => {
    fc.assert(
      fc.property(fc.oneof(anyId, fc.constant(new Uint8Array(8))), (random) => {
        const before = random.slice();
        const id = connectionIdFromRandom(random);
        expect(id).toHaveLength(8);
        expect(connectionIdKey(id)).toBeTypeOf('number');
        expect(isZeroConnectionId(id)).toBe(false);
        expect(id.subarray(2, 6)).toEqual(random.subarray(2, 6));
        expect(random).toEqual(before);
      }),
    );
  });

  it('of ours names the lane that it was made for', () => {
    fc.assert(
      fc.property(fc.oneof(anyId, fc.constant(new Uint8Array(8))), fc.nat(255), (random, lane) => {
        const id = connectionIdFromRandom(random, lane);
        expect(connectionIdLane(Uint8Array.from([9, ...id]), 1)).toBe(lane);
        expect(isZeroConnectionId(id)).toBe(false);
      }),
    );
  });
});
