import { AeadAlgorithm } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { preferredAlgorithms } from './algorithm-preference.ts';

const { Aes256Gcm, Aes128Gcm, ChaCha20Poly1305 } = AeadAlgorithm;
const AES_FIRST = [Aes256Gcm, Aes128Gcm, ChaCha20Poly1305];
const CHACHA_FIRST = [ChaCha20Poly1305, Aes256Gcm, Aes128Gcm];

describe('the order of AEAD algorithms', () => {
  it.each([
    [
      'x64 with AES instructions',
      'processor\t: 0\nflags\t\t: fpu sse2 pclmulqdq aes avx\nbugs\t: x\n',
      AES_FIRST,
    ],
    ['x64 without', 'processor\t: 0\nflags\t\t: fpu sse2 vaes_not ssse3\n', CHACHA_FIRST],
    ['arm64 with', 'BogoMIPS\t: 108.00\nFeatures\t: fp asimd aes pmull sha2\n', AES_FIRST],
    ['arm64 without, as a Raspberry Pi 4', 'Features\t: fp asimd evtstrm crc32 cpuid\n', CHACHA_FIRST],
    ['a machine that says nothing', undefined, AES_FIRST],
    ['one that says something else', 'vendor_id\t: IBM/S390\n', AES_FIRST],
  ])('is what the processor does fast: %s', (_, processors, order) => {
    expect(preferredAlgorithms(processors)).toEqual(order);
  });
});
