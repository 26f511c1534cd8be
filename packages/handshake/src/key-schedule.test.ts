import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveNextSecret, derivePacketKeys } from './key-schedule.ts';

describe('key schedule', () => {
  it('key, IV and next secret are fixed by the secret', () => {
    // Computed with another implementation: Python's `hmac.new(secret, label + b"\x01", "sha256")`.
    const secret = Uint8Array.from({ length: 32 }, (_, index) => index);
    const { key, iv } = derivePacketKeys(secret);
    expect(toHex(key)).toBe('f1b07f554452ef024a2ecae22641fc4d58cff504599924a85193e5a1b20ef51a');
    expect(toHex(iv)).toBe('8a1a1952ab9ed7fee6235fe8');
    expect(toHex(deriveNextSecret(secret))).toBe(
      '7f291c85d516be2caa196593948e0f23b129674a894bd10da3c59af98c933db3',
    );
  });

  it('expands as HKDF does: the same as extract and expand when the secret is an extracted key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (inputKeyMaterial) => {
        // HKDF-Extract with an all-zero salt is HMAC(0, ikm): the pseudorandom key that Expand takes.
        const secret = extract(inputKeyMaterial);
        const expected = (label: string, length: number) =>
          new Uint8Array(hkdfSync('sha256', inputKeyMaterial, new Uint8Array(32), label, length));
        expect(derivePacketKeys(secret).key).toEqual(expected('jetstream key', 32));
        expect(derivePacketKeys(secret).iv).toEqual(expected('jetstream iv', 12));
        expect(deriveNextSecret(secret)).toEqual(expected('jetstream update', 32));
      }),
    );
  });
});

function extract(inputKeyMaterial: Uint8Array): Uint8Array {
  return createHmac('sha256', new Uint8Array(32)).update(inputKeyMaterial).digest();
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
