import { describe, expect, it } from 'vitest';
import { AckFrame, writeAck } from './ack.ts';
import { writeData } from './data.ts';
import { decodeFrames, type FrameVisitor } from './decode-frames.ts';

describe('smoke', () => {
  it('roundtrips ack and data', () => {
    const seen: unknown[] = [];
    const visitor: FrameVisitor = {
      onPing: () => {},
      onAck: (a) => seen.push([a.delayUs, ...a.largest.slice(0, a.rangeCount)]),
      onStream: () => {},
      onStreamCredit: () => {},
      onData: (t, ad, b, s, e) => seen.push([t, ad, [...b.subarray(s, e)]]),
      onBlockCredit: () => {},
      onPathChallenge: () => {},
      onPathResponse: () => {},
      onClose: () => {},
      onAckFrequency: () => {},
    };
    const b = new Uint8Array(200);
    const ack = new AckFrame();
    ack.addRange(100, 2 ** 40);
    ack.addRange(5, 8);
    let at = writeAck(b, 0, 200, ack);
    at = writeData(b, at, 3, 2 ** 50 + 7, new Uint8Array([1, 2, 3]));
    expect(decodeFrames(b, 0, at, visitor)).toBe(true);
    expect(seen).toEqual([
      [0, 2 ** 40, 8],
      [3, 2 ** 50 + 7, [1, 2, 3]],
    ]);
  });
});
