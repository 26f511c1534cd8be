import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';

/** AES-256-GCM by `node:crypto`, plain and slow: for tests, so that pure packages need none from `platform`. */
export const nodeAead: AeadProvider = {
  algorithms: [AeadAlgorithm.Aes256Gcm],
  create: (_algorithm, key, iv) => new NodeAead(key, iv),
};

class NodeAead implements PacketAead {
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  readonly #nonce = new Uint8Array(12);

  constructor(key: Uint8Array, iv: Uint8Array) {
    this.#key = key.slice();
    this.#iv = iv.slice();
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    this.#setNonce(packetNumber);
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce);
    cipher.setAAD(buffer.subarray(headerStart, start));
    buffer.set(cipher.update(buffer.subarray(start, end)), start);
    cipher.final();
    buffer.set(cipher.getAuthTag(), end);
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const textEnd = end - AEAD_TAG_BYTES;
    if (textEnd < start) return -1;
    this.#setNonce(packetNumber);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonce);
    decipher.setAAD(buffer.subarray(headerStart, start));
    decipher.setAuthTag(buffer.subarray(textEnd, end));
    const text = decipher.update(buffer.subarray(start, textEnd));
    try {
      decipher.final();
    } catch {
      return -1;
    }
    buffer.set(text, start);
    return textEnd;
  }

  dispose(): void {}

  #setNonce(packetNumber: number): void {
    this.#nonce.set(this.#iv);
    let left = packetNumber;
    for (let at = 11; at >= 4; at--) {
      this.#nonce[at]! ^= left % 256;
      left = Math.floor(left / 256);
    }
  }
}
