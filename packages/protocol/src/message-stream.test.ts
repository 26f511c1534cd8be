import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES } from './constants.ts';
import { frameMessage, MessageReader } from './message-stream.ts';
import { decodeOrViolation, expectViolation, hexToBytes } from './testing/hostile-bytes.ts';

const anyMessage = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 70 }),
  fc.integer({ min: 0x3ff0, max: 0x4010 }).map((length) => new Uint8Array(length).fill(length)),
);

/** Comparing two texts is a thousand times faster than comparing two typed arrays element by element. */
function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe('messages on a stream', () => {
  it('come out as they went in, however the stream is cut', () => {
    const anyCuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 8 }), anyCuts, (messages, cuts) => {
        const stream = concatenate(messages.map(frameMessage));
        const at = cuts.map((cut) => Math.floor(cut * stream.length)).sort((a, b) => a - b);
        const reader = new MessageReader();
        const read = [0, ...at].flatMap((start, i) =>
          reader.push(stream.slice(start, at[i] ?? stream.length)).map((message) => message.slice()),
        );
        expect(read.map(toHex)).toEqual(messages.map(toHex));
      }),
      { numRuns: 300 },
    );
  });

  it('come out byte by byte too, with a length in a longer form than needed', () => {
    const reader = new MessageReader();
    const stream = hexToBytes('01 aa 4002 bbcc 80000001 dd c000000000000001 ee');
    const read = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
    expect(read).toEqual([hexToBytes('aa'), hexToBytes('bbcc'), hexToBytes('dd'), hexToBytes('ee')]);
  });

  it('are not copied when they came whole', () => {
    const bytes = frameMessage(new Uint8Array(100));
    expect(new MessageReader().push(bytes)[0]?.buffer).toBe(bytes.buffer);
  });

  it('stay as they are when the reader goes on', () => {
    const reader = new MessageReader();
    reader.push(hexToBytes('02 aa'));
    const [first] = reader.push(hexToBytes('bb 02 cc'));
    reader.push(hexToBytes('dd'));
    expect(first).toEqual(hexToBytes('aabb'));
  });

  it('[ST-1] of 256 KiB are taken, longer ones are a violation before they are read', () => {
    const longest = new Uint8Array(MAX_MESSAGE_BYTES).fill(7);
    expect(new MessageReader().push(frameMessage(longest)).map(toHex)).toEqual([toHex(longest)]);
    expect(() => frameMessage(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow('cannot be sent');
    expectViolation(() => new MessageReader().push(hexToBytes('80040001')));
    expectViolation(() => new MessageReader().push(hexToBytes('c01fffffffffffff')));
    expectViolation(() => new MessageReader().push(hexToBytes('ffffffffffffffff')));
  });

  it('that are empty are a violation: nothing says so little', () => {
    expect(() => frameMessage(new Uint8Array(0))).toThrow('cannot be sent');
    expectViolation(() => new MessageReader().push(hexToBytes('00')));
  });

  it('that are announced but do not come take no memory worth speaking of', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 1000 }, () => {
      const reader = new MessageReader();
      reader.push(hexToBytes('80040000 aa'));
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
    expect(readers).toHaveLength(1000);
  });

  it('made of random bytes give messages or a violation, nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (parts) => {
        const reader = new MessageReader();
        decodeOrViolation(() => parts.map((part) => reader.push(part)));
      }),
      { numRuns: 3000 },
    );
  });
});
