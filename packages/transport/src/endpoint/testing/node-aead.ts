import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';

/** AES-256-GCM by `node:crypto`, plain and slow: for tests, so that this package needs none from `platform`. */
export const nodeAead: AeadProvider = {
  algorithms: [AeadAlgorithm.Aes256Gcm],
  create: (_algorithm, key, iv) => new NodeAead(key, iv),
};

class NodeAead implements PacketAead {
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;

  constructor(key: Uint8Array, iv: Uint8Array) {
    this.#key = key;
    this.#iv = iv;
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const cipher = createCipheriv('aes-256-gcm', this.#key, this.#nonce(packetNumber));
    cipher.setAAD(buffer.subarray(headerStart, start));
    buffer.set(Buffer.concat([cipher.update(buffer.subarray(start, end)), cipher.final()]), start);
    buffer.set(cipher.getAuthTag(), end);
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const textEnd = end - AEAD_TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, this.#nonce(packetNumber));
    decipher.setAAD(buffer.subarray(headerStart, start));
    decipher.setAuthTag(buffer.subarray(textEnd, end));
    try {
      const text = Buffer.concat([decipher.update(buffer.subarray(start, textEnd)), decipher.final()]);
      buffer.set(text, start);
      return textEnd;
    } catch {
      return -1;
    }
  }

  dispose(): void {}

  #nonce(packetNumber: number): Uint8Array {
    const number = Buffer.alloc(12);
    number.writeUIntBE(Math.floor(packetNumber / 2 ** 32), 4, 4);
    number.writeUIntBE(packetNumber % 2 ** 32, 8, 4);
    return number.map((byte, index) => byte ^ this.#iv[index]!);
  }
}
