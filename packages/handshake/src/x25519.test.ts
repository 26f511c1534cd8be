import { describe, expect, it } from 'vitest';
import { x25519, x25519KeyPair } from './x25519.ts';

describe('x25519', () => {
  it('agrees with the iterated vectors of RFC 7748 §5.2', () => {
    let scalar: Uint8Array = new Uint8Array(32);
    scalar[0] = 9;
    let point: Uint8Array = scalar;
    const step = () => {
      const result = x25519(x25519KeyPair(scalar).privateKey, point);
      point = scalar;
      scalar = result;
    };
    step();
    expect(toHex(scalar)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
    for (let count = 1; count < 1000; count++) step();
    expect(toHex(scalar)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('a public key is the product with the base point', () => {
    const { privateKey, publicKey } = x25519KeyPair(Uint8Array.from({ length: 32 }, (_, index) => index * 7));
    const basePoint = new Uint8Array(32);
    basePoint[0] = 9;
    expect(toHex(publicKey)).toBe(toHex(x25519(privateKey, basePoint)));
  });

  it('both sides agree', () => {
    const [ours, theirs] = [
      x25519KeyPair(new Uint8Array(32).fill(1)),
      x25519KeyPair(new Uint8Array(32).fill(2)),
    ];
    expect(toHex(x25519(ours.privateKey, theirs.publicKey))).toBe(
      toHex(x25519(theirs.privateKey, ours.publicKey)),
    );
  });
});

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
