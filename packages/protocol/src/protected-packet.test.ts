import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTECTED_HEADER_BYTES } from './constants.ts';
import {
  expandPacketNumber,
  isProtectedPacket,
  truncatedPacketNumber,
  writeProtectedHeader,
} from './protected-packet.ts';

describe('header of a protected packet', () => {
  it('is read back as it was written', () => {
    const anyHeader = {
      keyPhase: fc.constantFrom(0 as const, 1 as const),
      id: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      packetNumber: fc.maxSafeNat(),
    };
    fc.assert(
      fc.property(fc.record(anyHeader), ({ keyPhase, id, packetNumber }) => {
        const bytes = new Uint8Array(40).fill(0xaa);
        const end = 7 + PROTECTED_HEADER_BYTES;
        expect(writeProtectedHeader(bytes, 7, keyPhase, id, packetNumber)).toBe(end);
        expect(isProtectedPacket(bytes, 7, 7 + 29)).toBe(true);
        expect(bytes[7]).toBe(keyPhase === 0 ? 0 : 0x40);
        expect(bytes.slice(8, 16)).toEqual(id);
        expect(truncatedPacketNumber(bytes, 7)).toBe(packetNumber % 2 ** 32);
        expect([bytes[6], bytes[end]]).toEqual([0xaa, 0xaa]);
      }),
    );
  });

  it('[DG-1] is found under two first bytes only', () => {
    for (let first = 0; first < 256; first++) {
      const datagram = new Uint8Array(40);
      datagram[0] = first;
      expect(isProtectedPacket(datagram)).toBe(first === 0x00 || first === 0x40);
    }
  });

  it('[DG-2] is not found in a datagram too short for header and tag', () => {
    for (let length = 0; length < 29; length++) {
      expect(isProtectedPacket(new Uint8Array(length))).toBe(false);
      expect(isProtectedPacket(new Uint8Array(40), 5, 5 + length)).toBe(false);
    }
    expect(isProtectedPacket(new Uint8Array(29))).toBe(true);
  });
});

describe('expansion of a packet number', () => {
  it('finds every number less than 2^31 away from the expected one', () => {
    const anyPair = fc
      .tuple(fc.maxSafeNat(), fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }))
      .filter(
        ([expected, distance]) => expected + distance >= 0 && Number.isSafeInteger(expected + distance),
      );
    fc.assert(
      fc.property(anyPair, ([expected, distance]) => {
        const number = expected + distance;
        expect(expandPacketNumber(number % 2 ** 32, expected)).toBe(number);
      }),
    );
  });

  it('stays within 0…2^53-1 for every input', () => {
    const nearAnEdge = fc.oneof(
      fc.nat(2 ** 31 - 1),
      fc.maxSafeNat(),
      fc.nat(2 ** 31 - 1).map((n) => Number.MAX_SAFE_INTEGER - n),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), nearAnEdge, (truncated, expected) => {
        const number = expandPacketNumber(truncated, expected);
        expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
        expect(number % 2 ** 32).toBe(truncated);
      }),
    );
  });

  it('crosses the boundary of 2^32 in both directions', () => {
    expect(expandPacketNumber(0, 2 ** 32 - 1)).toBe(2 ** 32);
    expect(expandPacketNumber(2 ** 32 - 1, 2 ** 32 + 5)).toBe(2 ** 32 - 1);
    expect(expandPacketNumber(2 ** 32 - 1, 5)).toBe(2 ** 32 - 1);
  });
});
