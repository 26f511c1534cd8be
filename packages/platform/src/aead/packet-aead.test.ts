import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aeadProvider } from './aead-provider.ts';
import { portableAead } from './portable.ts';

/** The best of this machine is the native one on Linux; each test holds for whatever it is. */
const providers: [string, AeadProvider][] = [
  ['best of this machine', aeadProvider()],
  ['portable', portableAead],
];
const algorithms = Object.entries(AeadAlgorithm);
const packets = fc.record({
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  iv: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  number: fc.maxSafeNat(),
  offset: fc.nat(70),
  header: fc.uint8Array({ maxLength: 40 }),
  plain: fc.uint8Array({ maxLength: 3000 }),
});

interface Packet {
  offset: number;
  header: Uint8Array;
  plain: Uint8Array;
}

/** The packet somewhere in the middle of a buffer, with room for the tag. */
function laidOut({ offset, header, plain }: Packet) {
  const start = offset + header.length;
  const end = start + plain.length;
  const memory = new Uint8Array(3 + end + AEAD_TAG_BYTES + 5).fill(0xee);
  const buffer = memory.subarray(3);
  buffer.set(header, offset);
  buffer.set(plain, start);
  return { buffer, headerStart: offset, start, end };
}

describe.each(algorithms)('packet protection with %s', (_, algorithm) => {
  it('gives the same bytes by every implementation', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const [ours, theirs] = providers.map(([, provider]) => {
          const aead = provider.create(algorithm, packet.key, packet.iv);
          const { buffer, headerStart, start, end } = laidOut(packet);
          expect(aead.seal(packet.number, buffer, headerStart, start, end)).toBe(end + AEAD_TAG_BYTES);
          aead.dispose();
          return Buffer.from(buffer);
        });
        expect(ours).toEqual(theirs);
      }),
    );
  });

  it.each(providers)('opens what it sealed and touches nothing else: %s', (_name, provider) => {
    fc.assert(
      fc.property(packets, (packet) => {
        const aead = provider.create(algorithm, packet.key, packet.iv);
        const { buffer, headerStart, start, end } = laidOut(packet);
        const before = Buffer.from(buffer);
        const sealedEnd = aead.seal(packet.number, buffer, headerStart, start, end);
        expect(aead.open(packet.number, buffer, headerStart, start, sealedEnd)).toBe(end);
        expect(Buffer.from(buffer.subarray(0, end))).toEqual(before.subarray(0, end));
        expect(Buffer.from(buffer.subarray(sealedEnd))).toEqual(before.subarray(sealedEnd));
        aead.dispose();
      }),
    );
  });

  it.each(providers)(
    'refuses a packet with any bit changed, and leaves it as it came: %s',
    (_name, provider) => {
      fc.assert(
        fc.property(packets, fc.nat(), fc.integer({ min: 0, max: 7 }), (packet, position, bit) => {
          const aead = provider.create(algorithm, packet.key, packet.iv);
          const { buffer, headerStart, start, end } = laidOut(packet);
          const sealedEnd = aead.seal(packet.number, buffer, headerStart, start, end);
          const index = headerStart + (position % (sealedEnd - headerStart));
          buffer[index]! ^= 1 << bit;
          const forged = Buffer.from(buffer);
          expect(aead.open(packet.number, buffer, headerStart, start, sealedEnd)).toBe(-1);
          expect(Buffer.from(buffer)).toEqual(forged);
          buffer[index]! ^= 1 << bit;
          expect(aead.open(packet.number + 1, buffer, headerStart, start, sealedEnd)).toBe(-1);
          expect(aead.open(packet.number, buffer, headerStart, start, sealedEnd)).toBe(end);
          aead.dispose();
        }),
      );
    },
  );

  it.each(providers)('refuses what is too short to hold a tag: %s', (_name, provider) => {
    const aead = provider.create(algorithm, new Uint8Array(32), new Uint8Array(12));
    const buffer = new Uint8Array(60);
    for (let length = 0; length <= AEAD_TAG_BYTES; length++) {
      expect(aead.open(0, buffer, 0, 13, 13 + length)).toBe(-1);
    }
    aead.dispose();
  });
});

describe.each(providers)('packet protection by the caller at fault: %s', (_, provider) => {
  const create = () => provider.create(AeadAlgorithm.Aes256Gcm, new Uint8Array(32), new Uint8Array(12));

  it('never reads or writes outside the buffer', () => {
    const aead = create();
    const buffer = new Uint8Array(100);
    for (const [headerStart, start, end] of [
      [0, 13, 85],
      [-1, 13, 50],
      [14, 13, 50],
      [0, 60, 50],
      [Number.NaN, 13, 50],
      [0, 13, Number.NaN],
      [0, 13, 1e9],
    ] as const) {
      expect(() => aead.seal(0, buffer, headerStart, start, end)).toThrow(RangeError);
      if (end !== 85) expect(() => aead.open(0, buffer, headerStart, start, end)).toThrow(RangeError);
    }
    const detached = new Uint8Array(100);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => aead.seal(0, detached, 0, 13, 50)).toThrow(RangeError);
    aead.dispose();
  });

  it('refuses keys and IVs of other lengths', () => {
    const { Aes256Gcm } = AeadAlgorithm;
    expect(() => provider.create(Aes256Gcm, new Uint8Array(16), new Uint8Array(12))).toThrow('32 bytes');
    expect(() => provider.create(Aes256Gcm, new Uint8Array(32), new Uint8Array(8))).toThrow('12');
  });

  it('lists every algorithm once', () => {
    expect([...provider.algorithms].sort()).toEqual([1, 2, 3]);
  });

  it('works on shared memory and on many keys at once', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100));
    const keys = Array.from({ length: 20 }, (__, index) =>
      provider.create(AeadAlgorithm.Aes256Gcm, new Uint8Array(32).fill(index), new Uint8Array(12)),
    );
    for (const aead of keys) expect(aead.open(1, shared, 0, 13, aead.seal(1, shared, 0, 13, 40))).toBe(40);
    for (const aead of keys) aead.dispose();
  });
});

it('does not use freed memory after dispose', () => {
  const aead = aeadProvider().create(AeadAlgorithm.Aes256Gcm, new Uint8Array(32), new Uint8Array(12));
  aead.dispose();
  aead.dispose();
  if (aeadProvider() !== portableAead) {
    expect(() => aead.seal(0, new Uint8Array(100), 0, 13, 50)).toThrow('dispose');
    expect(() => aead.open(0, new Uint8Array(100), 0, 13, 50)).toThrow('dispose');
  }
});
