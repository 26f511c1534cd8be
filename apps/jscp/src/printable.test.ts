import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './printable.ts';

const HARMFUL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('printable', () => {
  it.each([
    ['plain ünïcode 文件 🚀.txt', 'plain ünïcode 文件 🚀.txt'],
    ['a\nb\rc\td', 'a\\nb\\rc\\td'],
    ['\x1b]0;title\x07', '\\u001b]0;title\\u0007'],
    ['\x9b31m', '\\u009b31m'],
    ['exe\u202egnp', 'exe\\u202egnp'],
    ['\ud800', '\\ud800'],
  ])('shows %j as %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('leaves nothing that a terminal would act on', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !HARMFUL.test(printable(text))));
  });
});

describe('printableJson', () => {
  it('leaves nothing that a terminal would act on, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const line = printableJson({ name });
        expect(line).not.toMatch(HARMFUL);
        expect(JSON.parse(line)).toEqual({ name });
      }),
    );
  });
});
