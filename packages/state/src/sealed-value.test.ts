import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openValue, sealValue } from './sealed-value.ts';

const anyValue = fc.object({ withNullPrototype: false, maxDepth: 2 });

describe('a sealed value', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.record({ n: fc.maxSafeInteger(), s: fc.string(), b: fc.uint8Array() }),
        (key, value) => {
          const opened = openValue(1, key, sealValue(1, key, value));
          const { b, ...rest } = (opened as { value: typeof value }).value;
          expect({ ...rest, b: new Uint8Array(b) }).toEqual(value);
        },
      ),
    );
  });

  it('is damaged when any of its bits is another', () => {
    const sealed = sealValue(1, 'key', { text: 'some words', bytes: new Uint8Array(20) });
    for (let bit = 0; bit < sealed.byteLength * 8; bit++) {
      const flipped = sealed.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(openValue(1, 'key', flipped)).toEqual({ problem: 'damaged' });
    }
  });

  it('is damaged when it is cut, or stands at another key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), anyValue, fc.nat(), (key, other, value, length) => {
        fc.pre(key !== other);
        const sealed = sealValue(1, key, value);
        expect(openValue(1, other, sealed)).toEqual({ problem: 'damaged' });
        expect(openValue(1, key, sealed.subarray(0, length % sealed.byteLength))).toEqual({
          problem: 'damaged',
        });
      }),
    );
  });

  it('is told apart when a newer version of JetStream stored it', () => {
    expect(openValue(1, 'key', sealValue(2, 'key', {}))).toEqual({ problem: 'newer' });
    expect(openValue(2, 'key', sealValue(1, 'key', {}))).toEqual({ value: {} });
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(openValue(1, 'key', bytes)).toEqual({ problem: 'damaged' });
      }),
    );
  });
});
