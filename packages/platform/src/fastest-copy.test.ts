import { copyBytes } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fastestCopy } from './fastest-copy.ts';

const memories = [ArrayBuffer, SharedArrayBuffer];

describe.each([
  ['the fastest of this machine', fastestCopy()],
  ['portable', copyBytes],
])('copying bytes, %s', (_, copy) => {
  it('copies them between all kinds of memory, and touches nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...memories),
        fc.constantFrom(...memories),
        fc.uint8Array({ maxLength: 3000 }),
        fc.nat(100),
        fc.nat(100),
        fc.nat(100),
        (Source, Target, bytes, before, viewAt, at) => {
          const source = new Uint8Array(new Source(before + bytes.length + 9), before);
          source.set(bytes);
          const whole = new Uint8Array(new Target(viewAt + at + bytes.length + 7)).fill(0xee);
          copy(source, 0, bytes.length, whole.subarray(viewAt), at);
          const expected = new Uint8Array(whole.length).fill(0xee);
          expected.set(bytes, viewAt + at);
          expect(Buffer.from(whole.slice())).toEqual(Buffer.from(expected));
        },
      ),
    );
  });

  it('never reads or writes outside of what it was given', () => {
    const [source, target] = [new Uint8Array(100), new Uint8Array(100)];
    const detached = new Uint8Array(100);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const [start, end, at] of [
      [0, 101, 0],
      [-1, 50, 0],
      [60, 50, 0],
      [0, 50, 51],
      [0, 50, -1],
      [Number.NaN, 50, 0],
      [0, Number.NaN, 0],
      [0, 50, 1e9],
    ] as const) {
      expect(() => copy(source, start, end, target, at)).toThrow(RangeError);
    }
    expect(() => copy(detached, 0, 50, target, 0)).toThrow();
    expect(() => copy(source, 0, 50, detached, 0)).toThrow();
  });
});
