import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';
import { preferredAlgorithms } from './algorithm-preference.ts';
import { checkPacketRange, keyFor } from './key-material.ts';
import { NONCE_BYTES, writePacketNonce } from './packet-nonce.ts';

const CIPHER_NAMES: Readonly<Record<AeadAlgorithm, string>> = {
  [AeadAlgorithm.Aes256Gcm]: 'aes-256-gcm',
  [AeadAlgorithm.Aes128Gcm]: 'aes-128-gcm',
  [AeadAlgorithm.ChaCha20Poly1305]: 'chacha20-poly1305',
};

/** Packet protection by `node:crypto`: works everywhere, makes a cipher object for each packet. */
export const portableAead: AeadProvider = {
  algorithms: preferredAlgorithms(),
  create: (algorithm, key, iv) => new PortablePacketAead(algorithm, key, iv),
};

class PortablePacketAead implements PacketAead {
  private readonly cipher: 'aes-256-gcm';
  private readonly key: KeyObject;
  private readonly iv: Uint8Array;
  private readonly nonce = new Uint8Array(NONCE_BYTES);
  private readonly options = { authTagLength: AEAD_TAG_BYTES };

  constructor(algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) {
    // Node's types know the options by cipher name; they are the same for all three.
    this.cipher = CIPHER_NAMES[algorithm] as 'aes-256-gcm';
    this.key = createSecretKey(keyFor(algorithm, key, iv));
    this.iv = Uint8Array.from(iv);
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    checkPacketRange(headerStart, start, end, buffer.length - AEAD_TAG_BYTES);
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const cipher: CipherGCM = createCipheriv(this.cipher, this.key, this.nonce, this.options);
    cipher.setAAD(buffer.subarray(headerStart, start));
    buffer.set(cipher.update(buffer.subarray(start, end)), start);
    cipher.final();
    buffer.set(cipher.getAuthTag(), end);
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    checkPacketRange(headerStart, start, end, buffer.length);
    const plainEnd = end - AEAD_TAG_BYTES;
    if (plainEnd < start) return -1;
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const decipher: DecipherGCM = createDecipheriv(this.cipher, this.key, this.nonce, this.options);
    decipher.setAAD(buffer.subarray(headerStart, start));
    decipher.setAuthTag(buffer.subarray(plainEnd, end));
    const plain = decipher.update(buffer.subarray(start, plainEnd));
    try {
      decipher.final();
    } catch {
      return -1;
    }
    buffer.set(plain, start);
    return plainEnd;
  }

  dispose(): void {}
}
