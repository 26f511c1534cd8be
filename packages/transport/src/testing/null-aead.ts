import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';

/**
 * Protection that protects nothing, for simulations that shall be fast: the tag is made of key and packet number only, so
 * a packet of another key, phase or number does not open.
 */
export const nullAead: AeadProvider = {
  algorithms: [AeadAlgorithm.Aes256Gcm],
  create: (_algorithm, key) => new NullAead(key),
};

class NullAead implements PacketAead {
  private readonly keyWord: number;

  constructor(key: Uint8Array) {
    this.keyWord = new DataView(key.buffer, key.byteOffset, 4).getUint32(0);
  }

  seal(packetNumber: number, buffer: Uint8Array, _headerStart: number, _start: number, end: number): number {
    buffer.fill(0, end, end + AEAD_TAG_BYTES);
    this.writeWord(buffer, end, this.keyWord);
    this.writeWord(buffer, end + 4, packetNumber % 2 ** 32);
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, _headerStart: number, start: number, end: number): number {
    const tag = end - AEAD_TAG_BYTES;
    const opens =
      tag >= start &&
      this.readWord(buffer, tag) === this.keyWord &&
      this.readWord(buffer, tag + 4) === packetNumber % 2 ** 32;
    return opens ? tag : -1;
  }

  dispose(): void {}

  private writeWord(buffer: Uint8Array, at: number, word: number): void {
    buffer[at] = word >>> 24;
    buffer[at + 1] = word >>> 16;
    buffer[at + 2] = word >>> 8;
    buffer[at + 3] = word;
  }

  private readWord(buffer: Uint8Array, at: number): number {
    return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
  }
}
