import fc from 'fast-check';
import { expect } from 'vitest';
import { JetStreamError } from '../errors.ts';

/** Good bytes with a few things done to them that a hostile or broken peer does. */
export function mutated(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const position = fc.double({ min: 0, max: 1, noNaN: true });
  const mutation = fc.record({
    kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'remove', 'repeat'),
    position,
    value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
  });
  return fc.tuple(good, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([bytes, mutations]) => {
    let result = [...bytes];
    for (const { kind, position, value } of mutations) {
      const at = Math.floor(position * result.length);
      if (kind === 'set') result[at] = value;
      else if (kind === 'flip') result[at] = (result[at] ?? 0) ^ (1 << (value & 7));
      else if (kind === 'cut') result.length = at;
      else if (kind === 'insert') result.splice(at, 0, value);
      else if (kind === 'remove') result.splice(at, 1);
      else result = [...result.slice(0, at), ...result];
    }
    return Uint8Array.from(result);
  });
}

/** Runs `decode`; the only thing that it may throw is JetStreamError `protocol-violation`. */
export function decodeOrViolation<T>(decode: () => T): T | 'violation' {
  try {
    return decode();
  } catch (error) {
    if (error instanceof JetStreamError && error.code === 'protocol-violation') return 'violation';
    throw error;
  }
}

export function expectViolation(decode: () => unknown): void {
  expect(decodeOrViolation(decode)).toBe('violation');
}

/** Space between hexadecimal bytes is for the reader. */
export function hexToBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}
