import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NONCE_BYTES, writePacketNonce } from './packet-nonce.ts';

it('is the IV xor the packet number in network byte order, for every number', () => {
  const bytes = fc.uint8Array({ minLength: NONCE_BYTES, maxLength: NONCE_BYTES });
  fc.assert(
    fc.property(bytes, bytes, fc.oneof(fc.maxSafeNat(), fc.nat()), (iv, nonce, packetNumber) => {
      writePacketNonce(nonce, iv, packetNumber);
      const expected = BigInt(`0x${Buffer.from(iv).toString('hex')}`) ^ BigInt(packetNumber);
      expect(Buffer.from(nonce).toString('hex')).toBe(expected.toString(16).padStart(2 * NONCE_BYTES, '0'));
    }),
  );
});
