import { createCipheriv, createDecipheriv } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';

export const NOISE_TAG_BYTES = 16;
const NONCE_BYTES = 12;

/** `CipherState` of the Noise specification (rev 34 §5.1), with AESGCM (§12.4). */
export class NoiseCipherState {
  readonly #key: Uint8Array;
  #nonce: number;

  /** @param key 32 bytes */
  constructor(key: Uint8Array, nonce = 0) {
    this.#key = key;
    this.#nonce = nonce;
  }

  /** Ciphertext, then tag. */
  encryptWithAd(associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceBytes(this.#nonce));
    cipher.setAAD(associatedData);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    this.#nonce++;
    return ciphertext;
  }

  /** @throws JetStreamError `handshake-failed` when the tag does not agree; then the nonce stays as it was */
  decryptWithAd(associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    const textBytes = ciphertext.length - NOISE_TAG_BYTES;
    if (textBytes < 0) throw new JetStreamError('handshake-failed', 'a handshake message is cut short');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceBytes(this.#nonce));
    decipher.setAAD(associatedData);
    decipher.setAuthTag(ciphertext.subarray(textBytes));
    try {
      const plaintext = Buffer.concat([decipher.update(ciphertext.subarray(0, textBytes)), decipher.final()]);
      this.#nonce++;
      return plaintext;
    } catch (cause) {
      throw new JetStreamError('handshake-failed', 'a handshake message is not genuine', { cause });
    }
  }

  clone(): NoiseCipherState {
    return new NoiseCipherState(this.#key, this.#nonce);
  }
}

/** 32 zero bits, then the counter as a 64-bit big-endian integer. A handshake never counts far. */
function nonceBytes(counter: number): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(counter, 6, 6);
  return nonce;
}
