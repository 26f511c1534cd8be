import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeName, escapeNameBytes } from './escape-name.ts';

describe('escapeName', () => {
  it.each([
    ['plain name.txt', 'plain name.txt'],
    ['größe 日本 👩‍👩‍👧', 'größe 日本 👩‍👩‍👧'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\x1b]0;x\x07', '\\x1b]0;x\\x07'],
    ['\x9b31m\x7f', '\\x9b31m\\x7f'],
    ['gpj\u202etxt.exe', 'gpj\\u{202e}txt.exe'],
    ['a\u2028b', 'a\\u{2028}b'],
    ['a\\nb', 'a\\\\nb'],
    ['\ud800', '\\u{d800}'],
  ])('%j becomes %s', (name, escaped) => {
    expect(escapeName(name)).toBe(escaped);
  });

  it('cuts a long name in the middle', () => {
    const cut = escapeName(`start${'x'.repeat(5000)}end`);
    expect(cut).toHaveLength(1025);
    expect(cut).toMatch(/^start.*….*end$/u);
  });

  it('leaves nothing that a terminal or a line of a log could act on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(escapeName(name)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u);
      }),
    );
  });
});

describe('escapeNameBytes', () => {
  it('shows bytes that do not decode', () => {
    expect(escapeNameBytes(Uint8Array.of(0x61, 0xff, 0x5c, 0x0a))).toBe('a\\xff\\\\\\n');
  });
});
