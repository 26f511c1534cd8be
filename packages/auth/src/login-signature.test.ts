import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519KeyOf, loginSignatureInput, verifyLoginSignature } from './login-signature.ts';
import { sshKeyPair, sshString } from './testing/ssh-key-pair.ts';

const HASH = new Uint8Array(32).fill(7);
const key = sshKeyPair();
const input = loginSignatureInput(HASH, 'alice');
const signature = key.sign(input);

describe('loginSignatureInput', () => {
  it('[LG-2] is the context, the handshake hash, and the user name with its length', () => {
    expect(Buffer.from(loginSignatureInput(HASH, 'é')).toString('hex')).toBe(
      `${Buffer.from('jetstream-login-v1').toString('hex')}00${'07'.repeat(32)}0002c3a9`,
    );
  });

  it('[LG-2] refuses a hash of another length and a name too long for its length field', () => {
    const invalid = expect.objectContaining({ code: 'invalid-argument' });
    expect(() => loginSignatureInput(new Uint8Array(31), 'alice')).toThrowError(invalid);
    expect(() => loginSignatureInput(HASH, 'a'.repeat(65_536))).toThrowError(invalid);
  });
});

describe('verifyLoginSignature', () => {
  it('[LG-2] accepts the signature of this key, for this connection and this user, and no other', () => {
    expect(verifyLoginSignature(key.blob, signature, input)).toBe(true);
    expect(verifyLoginSignature(sshKeyPair().blob, signature, input)).toBe(false);
    expect(verifyLoginSignature(key.blob, signature, loginSignatureInput(HASH, 'bob'))).toBe(false);
    expect(verifyLoginSignature(key.blob, signature, loginSignatureInput(new Uint8Array(32), 'alice'))).toBe(
      false,
    );
  });

  it('[LG-2] any changed bit of key or signature makes it invalid', () => {
    const changed = (bytes: Uint8Array, bit: number) => {
      const copy = Buffer.from(bytes);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      return copy;
    };
    fc.assert(
      fc.property(fc.nat(key.blob.length * 8 - 1), fc.nat(64 * 8 - 1), (keyBit, signatureBit) => {
        expect(verifyLoginSignature(changed(key.blob, keyBit), signature, input)).toBe(false);
        expect(verifyLoginSignature(key.blob, changed(signature, signatureBit), input)).toBe(false);
      }),
    );
  });

  it('[LG-2] takes exactly an ssh-ed25519 blob', () => {
    const raw = key.blob.subarray(19);
    const blob = (type: string, bytes: Uint8Array) =>
      Buffer.concat([sshString(Buffer.from(type)), sshString(bytes)]);
    expect(verifyLoginSignature(blob('ssh-ed25519', raw), signature, input)).toBe(true);
    for (const malformed of [
      blob('ssh-rsa', raw),
      blob('ssh-ed25519', raw.subarray(1)),
      blob('ssh-ed25519-cert-v01@openssh.com', raw),
      Buffer.concat([key.blob, Buffer.of(0)]),
      key.blob.subarray(0, 50),
      raw,
    ]) {
      expect(verifyLoginSignature(malformed, signature, input)).toBe(false);
    }
  });

  it('throws for no bytes whatever', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    const almostABlob = bytes.map((tail) => Buffer.concat([key.blob.subarray(0, 19), tail]));
    fc.assert(
      fc.property(fc.oneof(bytes, almostABlob), fc.uint8Array({ maxLength: 70 }), (blob, made) => {
        expect(verifyLoginSignature(blob, made, input)).toBe(false);
        expect([undefined, 32]).toContain(ed25519KeyOf(blob)?.length);
      }),
    );
  });
});
