import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyVarint } from './testing/frame-arbitrary.ts';
import { expectViolation, hexToBytes } from './testing/hostile-bytes.ts';
import { encodedVarintLength, FrameReader, MAX_VARINT, writeVarint } from './varint.ts';

function readHex(hex: string): number {
  const reader = new FrameReader();
  const bytes = hexToBytes(hex);
  reader.reset(bytes, 0, bytes.length);
  return reader.readVarint();
}

describe('varint', () => {
  it('reads the examples of RFC 9000 A.1, a longer form than needed included', () => {
    expect(readHex('9d7f3e7d')).toBe(494_878_333);
    expect(readHex('7bbd')).toBe(15_293);
    expect(readHex('25')).toBe(37);
    expect(readHex('4025')).toBe(37);
  });

  it('writes the examples of RFC 9000 A.1', () => {
    const buffer = new Uint8Array(8);
    expect(buffer.subarray(0, writeVarint(buffer, 0, 494_878_333))).toEqual(hexToBytes('9d7f3e7d'));
    expect(buffer.subarray(0, writeVarint(buffer, 0, 15_293))).toEqual(hexToBytes('7bbd'));
    expect(buffer.subarray(0, writeVarint(buffer, 0, 37))).toEqual(hexToBytes('25'));
    expect(buffer.subarray(0, writeVarint(buffer, 0, MAX_VARINT))).toEqual(hexToBytes('c01fffffffffffff'));
  });

  it('reads back what it writes, over dirty bytes too, in the length it announced', () => {
    fc.assert(
      fc.property(anyVarint, (value) => {
        const buffer = new Uint8Array(10).fill(0xff);
        const end = writeVarint(buffer, 1, value);
        expect(end - 1).toBe(encodedVarintLength(value));
        expect(buffer[end]).toBe(0xff);
        const reader = new FrameReader();
        reader.reset(buffer, 1, end);
        expect(reader.readVarint()).toBe(value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  it('refuses to read 2^53 and above', () => {
    expectViolation(() => readHex('c020000000000000'));
    expectViolation(() => readHex('c2197c5eff14e88c'));
    expectViolation(() => readHex('ffffffffffffffff'));
  });

  it('refuses to read what is cut short', () => {
    for (const hex of ['', '40', '9d7f3e', 'c01fffffffffff']) expectViolation(() => readHex(hex));
  });

  it('does not read beyond its end although the buffer goes on', () => {
    const reader = new FrameReader();
    reader.reset(hexToBytes('9d7f3e7d'), 0, 3);
    expectViolation(() => reader.readVarint());
    expectViolation(() => reader.skip(4));
    expect(reader.skip(3)).toBe(0);
    expectViolation(() => reader.readByte());
  });

  it('refuses to write what is no integer in range', () => {
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => writeVarint(new Uint8Array(8), 0, value)).toThrow('does not fit a varint');
    }
  });

  it('refuses a range outside its buffer', () => {
    const reader = new FrameReader();
    expect(() => reader.reset(new Uint8Array(4), 2, 5)).toThrow('outside');
    expect(() => reader.reset(new Uint8Array(4), 3, 2)).toThrow('outside');
  });
});
