import { AeadAlgorithm } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { aeadProvider } from './aead-provider.ts';
import { nativeAead } from './native.ts';

const ROUND = 1000;

describe.skipIf(nativeAead() === undefined)('memory of native packet protection (needs koffi)', () => {
  it.each(Object.entries(AeadAlgorithm))('allocates no views per packet: %s', (_, algorithm) => {
    const aead = aeadProvider().create(algorithm, new Uint8Array(32), new Uint8Array(12));
    const buffer = new Uint8Array(1500);
    let packetNumber = 0;
    const round = (): void => {
      for (let count = 0; count < ROUND; count++) {
        const end = aead.seal(++packetNumber, buffer, 0, 13, 1400);
        if (aead.open(packetNumber, buffer, 0, 13, end) !== 1400) throw new Error('not opened');
      }
    };
    for (let count = 0; count < 100; count++) round();
    const allocated: number[] = [];
    for (let count = 0; count < 100; count++) {
      const before = process.memoryUsage().heapUsed;
      round();
      allocated.push((process.memoryUsage().heapUsed - before) / ROUND);
    }
    // Bytes of the heap for a packet sealed and opened. None where all is compiled as one piece; otherwise a few addresses
    // for OpenSSL, 16 bytes each, as V8 sees fit. A view to seal and one to open would be nearly two hundred.
    expect(allocated.sort((a, b) => a - b)[allocated.length >> 1]).toBeLessThan(100);
    aead.dispose();
  });
});
