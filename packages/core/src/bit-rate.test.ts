import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBitRate } from './bit-rate.ts';

describe('parseBitRate', () => {
  it.each([
    ['8', 8e6],
    ['8000B', 8000],
    ['64k', 64e3],
    ['64K', 64e3],
    ['1.5M', 1.5e6],
    ['10g', 10e9],
    ['.5G', 5e8],
  ])('reads %s as %d bits per second', (text, expected) => {
    expect(parseBitRate(text)).toBe(expected);
  });

  it.each(['', '0', '0M', '-1', '1T', '1MB', 'M', '1e9', 'NaN', 'Infinity', '1 0', '7999B', '8001G'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseBitRate(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    },
  );

  it('takes no unit for M, whatever the number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        (n) => parseBitRate(`${n}`) === parseBitRate(`${n}M`),
      ),
    );
  });
});
