import { describe, expect, it } from 'vitest';
import { CONTENDERS, contenderNamed } from './all.ts';

describe('contenders', () => {
  it('have names of their own', () => {
    expect(new Set(CONTENDERS.map(({ name }) => name)).size).toBe(CONTENDERS.length);
  });

  it('tell how far they are: iperf3 by a line for each second, of which the sum counts', () => {
    const { from, bytes } = contenderNamed('iperf-bbr')!.progress!;
    expect(from).toBe('receiver');
    expect(bytes('[  5]   1.00-2.00   sec  11.3 MBytes  80000 Kbits/sec                  ', 5)).toBe(
      10_000_005,
    );
    expect(
      bytes('[  5]   0.00-10.04  sec   113 MBytes  94925 Kbits/sec                  receiver', 5),
    ).toBeUndefined();
    expect(bytes('[ ID] Interval           Transfer     Bitrate', 5)).toBeUndefined();
  });

  it('tell how far they are: jscp by what was acknowledged', () => {
    const { from, bytes } = contenderNamed('jetstream')!.progress!;
    expect(from).toBe('sender');
    expect(bytes('{"event":"progress","state":"transferring","ackedBytes":77}', 5)).toBe(77);
    expect(bytes('{"event":"summary","files":1}', 5)).toBeUndefined();
  });

  it('know what a full packet of a DATA frame has besides content, with short and with long addresses', () => {
    const { headerBytesPerPacket } = contenderNamed('jetstream')!;
    expect(headerBytesPerPacket!(2 ** 20)).toBe(28 + 13 + 16 + 8);
    expect(headerBytesPerPacket!(2 ** 31)).toBe(28 + 13 + 16 + 10);
  });
});
