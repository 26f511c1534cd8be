import { AeadAlgorithm, JetStreamError } from '@jetstream/protocol';
import { NONCE_BYTES } from './packet-nonce.ts';

const KEY_BYTES: Readonly<Record<AeadAlgorithm, number>> = {
  [AeadAlgorithm.Aes256Gcm]: 32,
  [AeadAlgorithm.Aes128Gcm]: 16,
  [AeadAlgorithm.ChaCha20Poly1305]: 32,
};

/** The part of a traffic key that the algorithm uses. Throws `invalid-argument` on lengths that are not those. */
export function keyFor(algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array): Uint8Array {
  if (key.length !== 32 || iv.length !== NONCE_BYTES) {
    throw new JetStreamError('invalid-argument', 'an AEAD takes a key of 32 bytes and an IV of 12');
  }
  return key.subarray(0, KEY_BYTES[algorithm]);
}

/** Throws RangeError unless `0 <= headerStart <= start <= end <= limit`: a fault of the caller, never a peer's doing. */
export function checkPacketRange(headerStart: number, start: number, end: number, limit: number): void {
  if (headerStart >= 0 && headerStart <= start && start <= end && end <= limit) return;
  throw new RangeError(`no packet at ${headerStart}, ${start}, ${end} within ${limit} bytes`);
}
