import { describe, expect, it } from 'vitest';
import { nullAead } from './null-aead.ts';

describe('nullAead', () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  const aead = nullAead.create(1, key, new Uint8Array(12));

  it('opens what it sealed, under the same number and key only', () => {
    const buffer = new Uint8Array(100).fill(7);
    const number = 2 ** 33 + 5;
    expect(aead.seal(number, buffer, 2, 15, 60)).toBe(76);
    expect(aead.open(number, buffer, 2, 15, 76)).toBe(60);
    expect(aead.open(number + 1, buffer, 2, 15, 76)).toBe(-1);
    expect(aead.open(5, buffer, 2, 15, 76)).toBe(-1);
    expect(aead.open(number, buffer, 2, 15, 75)).toBe(-1);
    expect(
      nullAead
        .create(
          1,
          key.map((byte) => byte ^ 1),
          key,
        )
        .open(number, buffer, 2, 15, 76),
    ).toBe(-1);
  });

  it('does not open what is shorter than a tag', () => {
    expect(aead.open(0, new Uint8Array(20), 0, 13, 20)).toBe(-1);
  });
});
