import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';

/**
 * Packet protection that protects nothing and costs next to nothing, for simulations of millions of packets. Its tag
 * still holds the packet number, the length and a piece of the key, so that a wrong one of these does not open.
 */
export const nullAead: AeadProvider = {
  algorithms: [AeadAlgorithm.Aes256Gcm],
  create: (_algorithm, key) => new NullAead(key),
};

class NullAead implements PacketAead {
  readonly #keyPart: number;

  constructor(key: Uint8Array) {
    this.#keyPart = readUint32(key, 0);
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, _start: number, end: number): number {
    writeUint32(buffer, end, packetNumber >>> 0);
    writeUint32(buffer, end + 4, Math.floor(packetNumber / 2 ** 32));
    writeUint32(buffer, end + 8, end - headerStart);
    writeUint32(buffer, end + 12, this.#keyPart);
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    const textEnd = end - AEAD_TAG_BYTES;
    const agrees =
      textEnd >= start &&
      readUint32(buffer, textEnd) === packetNumber >>> 0 &&
      readUint32(buffer, textEnd + 4) === Math.floor(packetNumber / 2 ** 32) &&
      readUint32(buffer, textEnd + 8) === textEnd - headerStart &&
      readUint32(buffer, textEnd + 12) === this.#keyPart;
    return agrees ? textEnd : -1;
  }

  dispose(): void {}
}

function writeUint32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

function readUint32(buffer: Uint8Array, at: number): number {
  return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
}
