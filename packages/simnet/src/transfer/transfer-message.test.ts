import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../random.ts';
import { encodeMessage, MessageReader, type TransferMessage } from './transfer-message.ts';

const messages: TransferMessage[] = [
  { type: 'block', block: 0, byteLength: 1_048_576 },
  { type: 'again', block: 70_000 },
  { type: 'complete' },
];

function stream(): Uint8Array {
  return Buffer.concat(messages.map((message, sequence) => encodeMessage(message, sequence, 100)));
}

function read(bytes: Uint8Array, pieceBytes: () => number): TransferMessage[] {
  const reader = new MessageReader(100);
  const seen: TransferMessage[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + pieceBytes();
    reader.read(bytes.subarray(start, end), (message) => seen.push(message));
    start = end;
  }
  return seen;
}

describe('messages of a simulated transfer', () => {
  it('come out as they went in, however the stream is cut', () => {
    const random = new SeededRandom(1);
    for (let run = 0; run < 50; run++) {
      expect(read(stream(), () => 1 + random.below(run + 1))).toEqual(messages);
    }
    expect(read(stream(), () => 1000)).toEqual(messages);
  });

  it('show any byte of a stream that changed, is missing or came twice', () => {
    const good = stream();
    for (const at of [3, 4, 50, 99, 101, 199]) {
      const bad = Uint8Array.from(good);
      bad[at]! ^= 0x80;
      expect(() => read(bad, () => 1000)).toThrow('stream content is wrong');
    }
    expect(() => read(good.subarray(1), () => 1000)).toThrow('stream content is wrong');
    expect(() => read(Buffer.concat([good.subarray(0, 100), good]), () => 1000)).toThrow('message 1');
  });
});
