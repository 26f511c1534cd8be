import { createHmac } from 'node:crypto';

/** Bytes of a secret, of an AEAD key and of an IV (PROTOCOL.md §1.3). */
export const SECRET_BYTES = 32;
const KEY_BYTES = 32;
const IV_BYTES = 12;

/** Key and IV of one key phase in one direction. */
export interface PacketKeys {
  /** 32 bytes; AES-128-GCM uses the first 16. */
  key: Uint8Array;
  /** 12 bytes. */
  iv: Uint8Array;
}

/** @param secret 32 bytes: one half of Noise `split()`, or a later secret of its chain */
export function derivePacketKeys(secret: Uint8Array): PacketKeys {
  return {
    key: expandLabel(secret, 'jetstream key', KEY_BYTES),
    iv: expandLabel(secret, 'jetstream iv', IV_BYTES),
  };
}

/** The secret of the next key phase. Nothing leads back from it to this one. */
export function deriveNextSecret(secret: Uint8Array): Uint8Array {
  return expandLabel(secret, 'jetstream update', SECRET_BYTES);
}

/** HKDF-Expand of RFC 5869 §2.3 with SHA-256, for at most one hash length of output. */
function expandLabel(secret: Uint8Array, label: string, byteLength: number): Uint8Array {
  const block = createHmac('sha256', secret).update(label, 'ascii').update(FIRST_BLOCK).digest();
  return new Uint8Array(block.subarray(0, byteLength));
}

const FIRST_BLOCK = Uint8Array.of(1);
