import { AeadAlgorithm } from '@jetstream/protocol';
import type { Ffi } from '../ffi.ts';
import { type Address, addressFinder } from '../memory-address.ts';
import { NativeMemory } from '../native-memory.ts';

/** Memory for OpenSSL to read and write. Byte offsets; all contexts of a thread use it, one call after the other. */
export const SCRATCH = {
  nonce: 0,
  outLength: 16,
  key: 32,
  /** Names of parameters: of the nonce and of the header of a TLS 1.2 record. */
  nonceName: 64,
  headerName: 80,
  bytes: 96,
} as const;

/** OpenSSL's functions for ciphers, EVP_EncryptInit(3); those that say so return 1 when all is well. */
export interface Evp {
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
  /** undefined in an OpenSSL before 3.0. */
  setParameters: ((context: Address, parameters: Address) => number) | undefined;
  /** To be called after a failure: what OpenSSL notes of it in the thread would be taken for trouble of a TLS connection. */
  clearErrors(): void;
  addressOf(bytes: Uint8Array): Address;
  newMemory(byteLength: number): NativeMemory;
  readonly scratch: NativeMemory;
  readonly outLengthAt: Address;
}

/** @throws Error when the process has no OpenSSL that it lets others use */
export function bindEvp(native: Ffi): Evp {
  const { process } = native;
  const scratch = newScratch(native);
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
    setParameters: orUndefined(() => process.func('int EVP_CIPHER_CTX_set_params(uintptr_t, uintptr_t)')),
    clearErrors: process.func('void ERR_clear_error()'),
    addressOf: addressFinder(native),
    newMemory: (byteLength) => new NativeMemory(native, byteLength),
    scratch,
    outLengthAt: scratch.address + SCRATCH.outLength,
  };
}

function newScratch(native: Ffi): NativeMemory {
  const scratch = new NativeMemory(native, SCRATCH.bytes);
  scratch.bytes.set(Buffer.from('tlsivfixed\0'), SCRATCH.nonceName);
  scratch.bytes.set(Buffer.from('tlsaad\0'), SCRATCH.headerName);
  return scratch;
}

function orUndefined<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
