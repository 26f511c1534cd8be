import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type PacketAead } from '@jetstream/protocol';
import { type Ffi, ffi } from '../ffi.ts';
import { preferredAlgorithms } from './algorithm-preference.ts';
import { checkPacketRange, keyFor } from './key-material.ts';
import { NONCE_BYTES, writePacketNonce } from './packet-nonce.ts';
import { portableAead } from './portable.ts';

/**
 * Packet protection by OpenSSL's EVP functions that the node binary exports, its cipher contexts reused: several times as
 * fast as a cipher object per packet. undefined where they are missing or do not agree with `node:crypto`.
 */
export function nativeAead(): AeadProvider | undefined {
  const native = ffi();
  if (!native) return undefined;
  try {
    const evp = bindEvp(native);
    const provider: AeadProvider = {
      algorithms: preferredAlgorithms(),
      create: (algorithm, key, iv) => new NativePacketAead(evp, algorithm, key, iv),
    };
    return provider.algorithms.every((algorithm) => agrees(provider, algorithm)) ? provider : undefined;
  } catch {
    return undefined;
  }
}

/** A few bytes for OpenSSL to read and write; not movable by garbage collection, which typed arrays of up to 64 bytes are. */
const SCRATCH_BYTES = 4096;
const LENGTH_AT = 64;
const KEY_AT = 128;
const EVP_CTRL_AEAD_GET_TAG = 0x10;
const EVP_CTRL_AEAD_SET_TAG = 0x11;

type Address = number;

interface Evp {
  newContext(): Address;
  freeContext(context: Address): void;
  cipher(algorithm: AeadAlgorithm): Address;
  encryptInit(context: Address, cipher: Address, engine: 0, key: Address, nonce: Address): number;
  encryptUpdate(context: Address, out: Address, outLength: Address, from: Address, length: number): number;
  encryptFinal(context: Address, out: Address, outLength: Address): number;
  decryptInit(context: Address, cipher: Address, engine: 0, key: Address, nonce: Address): number;
  decryptUpdate(context: Address, out: Address, outLength: Address, from: Address, length: number): number;
  decryptFinal(context: Address, out: Address, outLength: Address): number;
  control(context: Address, type: number, argument: number, pointer: Address): number;
  /** Where the memory behind a typed array begins. */
  addressOf(memory: ArrayBufferLike): Address;
  readonly scratch: Uint8Array;
  readonly scratchAt: Address;
}

class NativePacketAead implements PacketAead {
  private readonly evp: Evp;
  private readonly iv: Uint8Array;
  private readonly nonce: Uint8Array;
  private readonly nonceAt: Address;
  private readonly lengthAt: Address;
  private readonly sealing: Address;
  private readonly opening: Address;
  private disposed = false;

  constructor(evp: Evp, algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array) {
    const usedKey = keyFor(algorithm, key, iv);
    this.evp = evp;
    this.iv = Uint8Array.from(iv);
    this.nonce = evp.scratch.subarray(0, NONCE_BYTES);
    this.nonceAt = evp.scratchAt;
    this.lengthAt = evp.scratchAt + LENGTH_AT;
    this.sealing = evp.newContext();
    this.opening = evp.newContext();
    const cipher = evp.cipher(algorithm);
    const keyPlace = evp.scratch.subarray(KEY_AT, KEY_AT + usedKey.length);
    keyPlace.set(usedKey);
    const keyAt = evp.scratchAt + KEY_AT;
    const ready =
      cipher !== 0 &&
      this.sealing !== 0 &&
      this.opening !== 0 &&
      evp.encryptInit(this.sealing, cipher, 0, keyAt, 0) === 1 &&
      evp.decryptInit(this.opening, cipher, 0, keyAt, 0) === 1;
    keyPlace.fill(0);
    if (ready) return;
    this.dispose();
    throw new Error('OpenSSL refused the cipher');
  }

  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    this.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length - AEAD_TAG_BYTES);
    const { evp, sealing, lengthAt } = this;
    const at = evp.addressOf(buffer.buffer) + buffer.byteOffset;
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const sealed =
      evp.encryptInit(sealing, 0, 0, 0, this.nonceAt) === 1 &&
      evp.encryptUpdate(sealing, 0, lengthAt, at + headerStart, start - headerStart) === 1 &&
      evp.encryptUpdate(sealing, at + start, lengthAt, at + start, end - start) === 1 &&
      evp.encryptFinal(sealing, at + end, lengthAt) === 1 &&
      evp.control(sealing, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, at + end) === 1;
    if (!sealed) throw new Error('OpenSSL could not seal a packet');
    return end + AEAD_TAG_BYTES;
  }

  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number {
    this.checkUsable();
    checkPacketRange(headerStart, start, end, buffer.length);
    const plainEnd = end - AEAD_TAG_BYTES;
    if (plainEnd < start) return -1;
    const { evp, opening, lengthAt } = this;
    const at = evp.addressOf(buffer.buffer) + buffer.byteOffset;
    writePacketNonce(this.nonce, this.iv, packetNumber);
    const opened =
      evp.decryptInit(opening, 0, 0, 0, this.nonceAt) === 1 &&
      evp.decryptUpdate(opening, 0, lengthAt, at + headerStart, start - headerStart) === 1 &&
      evp.decryptUpdate(opening, at + start, lengthAt, at + start, plainEnd - start) === 1 &&
      evp.control(opening, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, at + plainEnd) === 1 &&
      evp.decryptFinal(opening, at + plainEnd, lengthAt) === 1;
    if (opened) return plainEnd;
    // All three ciphers xor with a key stream: once more gives back what came in.
    evp.decryptInit(opening, 0, 0, 0, this.nonceAt);
    evp.decryptUpdate(opening, at + start, lengthAt, at + start, plainEnd - start);
    return -1;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.evp.freeContext(this.sealing);
    this.evp.freeContext(this.opening);
  }

  /** Memory already given back to OpenSSL must never be used. */
  private checkUsable(): void {
    if (this.disposed) throw new Error('packet protection used after dispose()');
  }
}

function bindEvp({ koffi, process }: Ffi): Evp {
  const scratchMemory = new ArrayBuffer(SCRATCH_BYTES);
  const known = new WeakMap<ArrayBufferLike, Address>();
  let last: ArrayBufferLike | undefined;
  let lastAt: Address = 0;
  const addressOf = (memory: ArrayBufferLike): Address => {
    if (memory === last) return lastAt;
    let at = known.get(memory);
    if (at === undefined) {
      at = Number(koffi.address(new Uint8Array(memory)));
      known.set(memory, at);
    }
    last = memory;
    lastAt = at;
    return at;
  };
  const init = 'uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t';
  const update = 'uintptr_t, uintptr_t, uintptr_t, uintptr_t, int';
  const final = 'uintptr_t, uintptr_t, uintptr_t';
  const ciphers: Record<AeadAlgorithm, () => Address> = {
    [AeadAlgorithm.Aes256Gcm]: process.func('uintptr_t EVP_aes_256_gcm()'),
    [AeadAlgorithm.Aes128Gcm]: process.func('uintptr_t EVP_aes_128_gcm()'),
    [AeadAlgorithm.ChaCha20Poly1305]: process.func('uintptr_t EVP_chacha20_poly1305()'),
  };
  return {
    newContext: process.func('uintptr_t EVP_CIPHER_CTX_new()'),
    freeContext: process.func('void EVP_CIPHER_CTX_free(uintptr_t)'),
    cipher: (algorithm) => ciphers[algorithm](),
    encryptInit: process.func(`int EVP_EncryptInit_ex(${init})`),
    encryptUpdate: process.func(`int EVP_EncryptUpdate(${update})`),
    encryptFinal: process.func(`int EVP_EncryptFinal_ex(${final})`),
    decryptInit: process.func(`int EVP_DecryptInit_ex(${init})`),
    decryptUpdate: process.func(`int EVP_DecryptUpdate(${update})`),
    decryptFinal: process.func(`int EVP_DecryptFinal_ex(${final})`),
    control: process.func('int EVP_CIPHER_CTX_ctrl(uintptr_t, int, int, uintptr_t)'),
    addressOf,
    scratch: new Uint8Array(scratchMemory),
    scratchAt: addressOf(scratchMemory),
  };
}

/** One packet sealed by each and opened by the other. */
function agrees(provider: AeadProvider, algorithm: AeadAlgorithm): boolean {
  const key = new Uint8Array(32).fill(algorithm);
  const iv = new Uint8Array(NONCE_BYTES).fill(7);
  const ours = provider.create(algorithm, key, iv);
  const theirs = portableAead.create(algorithm, key, iv);
  const [a, b] = [new Uint8Array(256).fill(1), new Uint8Array(256).fill(1)];
  const end = ours.seal(5, a, 0, 13, 200);
  const same = theirs.seal(5, b, 0, 13, 200) === end && a.every((byte, index) => byte === b[index]);
  const opens = ours.open(5, b, 0, 13, end) === 200 && b.subarray(13, 200).every((byte) => byte === 1);
  ours.dispose();
  return same && opens;
}
