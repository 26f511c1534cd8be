import { createCipheriv, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ffi, ffi } from '../ffi.ts';
import { aeadProvider } from './aead-provider.ts';
import { bindEvp, type Evp } from './evp.ts';
import { EvpPacketAead } from './evp-packet-aead.ts';
import { nativeAead } from './native.ts';
import { portableAead } from './portable.ts';

const native = ffi();
/** The best of this machine is the native one on Linux; each test holds for whatever it is. */
const providers: [string, AeadProvider][] = [
  ['best of this machine', aeadProvider()],
  ...(native ? [['OpenSSL in steps', inSteps(native)] as [string, AeadProvider]] : []),
  ['portable', portableAead],
];
const algorithms = Object.entries(AeadAlgorithm);
const packets = fc.record({
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  iv: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  number: fc.maxSafeNat(),
  offset: fc.nat(70),
  header: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ minLength: 13, maxLength: 13 }),
    // A packet number whose last two bytes are near their largest.
    fc.nat(63).map((below) => Uint8Array.of(...new Uint8Array(11).fill(0xa5), 0xff, 0xff - below)),
  ),
  plain: fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.integer({ min: 4000, max: 33_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
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
        const [first, ...others] = providers.map(([, provider]) => {
          const aead = provider.create(algorithm, packet.key, packet.iv);
          const { buffer, headerStart, start, end } = laidOut(packet);
          expect(aead.seal(packet.number, buffer, headerStart, start, end)).toBe(end + AEAD_TAG_BYTES);
          aead.dispose();
          return Buffer.from(buffer);
        });
        for (const other of others) expect(other.equals(first!)).toBe(true);
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
        expect(before.subarray(0, end).equals(buffer.subarray(0, end))).toBe(true);
        expect(before.subarray(sealedEnd).equals(buffer.subarray(sealedEnd))).toBe(true);
        aead.dispose();
      }),
    );
  });

  it.each(providers)(
    'refuses a packet with any bit changed, and touches nothing but its content: %s',
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
          expect(forged.subarray(0, start).equals(buffer.subarray(0, start))).toBe(true);
          expect(forged.subarray(sealedEnd).equals(buffer.subarray(sealedEnd))).toBe(true);
          buffer.set(forged);
          buffer[index]! ^= 1 << bit;
          const genuine = Buffer.from(buffer);
          expect(aead.open(packet.number + 1, buffer, headerStart, start, sealedEnd)).toBe(-1);
          buffer.set(genuine);
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

describe.skipIf(native === undefined)('native packet protection (needs koffi)', () => {
  it.each(algorithms)(
    'keeps in step with node:crypto over many packets of all kinds under one key: %s',
    (_, algorithm) => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(packets, fc.boolean()), { minLength: 2, maxLength: 30 }),
          (sequence) => {
            const [{ key, iv }] = sequence[0]!;
            const [ours, theirs] = [aeadProvider(), portableAead].map((provider) =>
              provider.create(algorithm, key, iv),
            );
            sequence.forEach(([packet, forged], index) => {
              const number = packet.number - (packet.number % 2) + index;
              const [a, b] = [laidOut(packet), laidOut(packet)];
              const end = ours!.seal(number, a.buffer, a.headerStart, a.start, a.end);
              theirs!.seal(number, b.buffer, b.headerStart, b.start, b.end);
              expect(Buffer.from(a.buffer).equals(b.buffer)).toBe(true);
              if (forged) a.buffer[end - 1]! ^= 1;
              const opened = ours!.open(number, a.buffer, a.headerStart, a.start, end);
              expect(opened).toBe(forged ? -1 : a.end);
            });
            ours!.dispose();
          },
        ),
      );
    },
  );

  it('leaves nothing in OpenSSL that other users of it in the thread would stumble over', () => {
    const peekError = native!.process.func('ulong ERR_peek_error()');
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const nothingIsLeft = (): void => {
      expect(Number(peekError())).toBe(0);
      expect(createPrivateKey(pem).asymmetricKeyType).toBe('ed25519');
      expect(createCipheriv('aes-256-gcm', new Uint8Array(32), new Uint8Array(12)).update('x')).toHaveLength(
        1,
      );
    };
    for (const algorithm of Object.values(AeadAlgorithm)) {
      for (const [, provider] of [...providers, ['after a self-test', nativeAead()!] as const]) {
        const aead = provider.create(algorithm, new Uint8Array(32), new Uint8Array(12));
        expect(aead.open(1, new Uint8Array(100), 0, 13, 90)).toBe(-1);
        nothingIsLeft();
        aead.dispose();
      }
    }
  });

  it('leaves nothing there either when OpenSSL refuses a cipher', () => {
    const peekError = native!.process.func('ulong ERR_peek_error()');
    const raise = native!.process.func('int EVP_PKEY_derive_init(uintptr_t)');
    raise(0);
    expect(Number(peekError())).not.toBe(0);
    expect(nativeAead((through) => ({ ...bindEvp(through), cipher: () => 0 }))).toBe(undefined);
    expect(Number(peekError())).toBe(0);
  });

  it('takes two calls for a packet where OpenSSL has records', () => {
    let calls = 0;
    const provider = nativeAead((through) => counted(bindEvp(through), () => calls++))!;
    const aead = provider.create(AeadAlgorithm.Aes256Gcm, new Uint8Array(32), new Uint8Array(12));
    calls = 0;
    aead.seal(1, new Uint8Array(1500), 0, 13, 1400);
    expect(calls).toBe(2);
    aead.dispose();
  });

  it.each([
    ['missing', undefined],
    ['refused', () => 0],
    ['of no effect', () => 1],
  ])('does it in steps where the way of records is %s', (_, setParameters) => {
    const provider = nativeAead((through) => ({ ...bindEvp(through), setParameters }))!;
    const [ours, theirs] = [provider, portableAead].map((each) =>
      each.create(AeadAlgorithm.Aes256Gcm, new Uint8Array(32), new Uint8Array(12)),
    );
    const [a, b] = [new Uint8Array(100), new Uint8Array(100)];
    ours!.seal(7, a, 0, 13, 80);
    theirs!.seal(7, b, 0, 13, 80);
    expect(a).toEqual(b);
    ours!.dispose();
  });

  it('is not there when OpenSSL does not agree with node:crypto at all', () => {
    expect(
      nativeAead((through) => ({ ...bindEvp(through), encryptFinal: () => 0, setParameters: undefined })),
    ).toBe(undefined);
    expect(
      nativeAead(() => {
        throw new Error('no such symbol');
      }),
    ).toBe(undefined);
  });
});

function inSteps(through: Ffi): AeadProvider {
  const evp = bindEvp(through);
  return {
    algorithms: portableAead.algorithms,
    create: (algorithm, key, iv) => new EvpPacketAead(evp, algorithm, key, iv),
  };
}

/** Tells of each call of OpenSSL. */
function counted(evp: Evp, onCall: () => void): Evp {
  const functions = Object.entries(evp).filter(
    ([name, value]) => typeof value === 'function' && name !== 'addressOf',
  );
  return {
    ...evp,
    ...Object.fromEntries(
      functions.map(([name, value]) => [
        name,
        (...given: unknown[]) => {
          onCall();
          return value(...given);
        },
      ]),
    ),
  };
}
