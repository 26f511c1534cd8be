import { AEAD_TAG_BYTES, type AeadAlgorithm, type PacketAead } from '@jetstream/protocol';
import { type Evp, SCRATCH } from './evp.ts';
import { checkPacketRange, keyFor } from './key-material.ts';
import { NONCE_BYTES, writePacketNonce } from './packet-nonce.ts';

const EVP_CTRL_AEAD_GET_TAG = 0x10;
const EVP_CTRL_AEAD_SET_TAG = 0x11;

/** Packet protection by OpenSSL's cipher contexts, which are kept: nonce, header, content, end and tag, a call for each. */
export class EvpPacketAead implements PacketAead {
  readonly sealing: number;
  readonly opening: number;
  private readonly evp: Evp;
  private readonly iv: Uint8Array;
  private readonly nonce: Uint8Array;
  private readonly nonceAt: number;
  private readonly lengthAt: number;
  private disposed = false;

  constructor(evp: Evp, algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) {
    const usedKey = keyFor(algorithm, key, iv);
    const { bytes, address } = evp.scratch;
    this.evp = evp;
    this.iv = Uint8Array.from(iv);
    this.nonce = bytes.subarray(SCRATCH.nonce, SCRATCH.nonce + NONCE_BYTES);
    this.nonceAt = address + SCRATCH.nonce;
    this.lengthAt = evp.outLengthAt;
    this.sealing = evp.newContext();
    this.opening = evp.newContext();
    const cipher = evp.cipher(algorithm);
    const keyPlace = bytes.subarray(SCRATCH.key, SCRATCH.key + usedKey.length);
    keyPlace.set(usedKey);
    const keyAt = address + SCRATCH.key;
    const ready =
      cipher !== 0 &&
      this.sealing !== 0 &&
      this.opening !== 0 &&
      evp.encryptInit(this.sealing, cipher, 0, keyAt, 0) === 1 &&
      evp.decryptInit(this.opening, cipher, 0, keyAt, 0) === 1;
    keyPlace.fill(0);
    if (ready) return;
    this.dispose();
    evp.clearErrors();
    throw new Error('OpenSSL refused the cipher');
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    this.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length - AEAD_TAG_BYTES);
    const { evp, sealing, lengthAt } = this;
    const at = evp.addressOf(buffer);
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const sealed =
      evp.encryptInit(sealing, 0, 0, 0, this.nonceAt) === 1 &&
      evp.encryptUpdate(sealing, 0, lengthAt, at + headerStart, start - headerStart) === 1 &&
      evp.encryptUpdate(sealing, at + start, lengthAt, at + start, end - start) === 1 &&
      evp.encryptFinal(sealing, at + end, lengthAt) === 1 &&
      evp.control(sealing, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, at + end) === 1;
    if (sealed) return end + AEAD_TAG_BYTES;
    evp.clearErrors();
    throw new Error('OpenSSL could not seal a packet');
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    this.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length);
    const plainEnd = end - AEAD_TAG_BYTES;
    if (plainEnd < start) return -1;
    const { evp, opening, lengthAt } = this;
    const at = evp.addressOf(buffer);
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const opened =
      evp.decryptInit(opening, 0, 0, 0, this.nonceAt) === 1 &&
      evp.decryptUpdate(opening, 0, lengthAt, at + headerStart, start - headerStart) === 1 &&
      evp.decryptUpdate(opening, at + start, lengthAt, at + start, plainEnd - start) === 1 &&
      evp.control(opening, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, at + plainEnd) === 1 &&
      evp.decryptFinal(opening, at + plainEnd, lengthAt) === 1;
    if (opened) return plainEnd;
    evp.clearErrors();
    return -1;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.evp.freeContext(this.sealing);
    this.evp.freeContext(this.opening);
  }

  /** Memory already given back to OpenSSL must never be used. */
  checkUsable(): void {
    if (this.disposed) throw new Error('packet protection used after dispose()');
  }
}
