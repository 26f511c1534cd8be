import { AeadAlgorithm } from '@jetstream/protocol';
import type { Ffi } from '../ffi.ts';
import { NativeMemory } from '../native-memory.ts';

type Address = number;

/** Memory for OpenSSL to read and write. Byte offsets; all contexts of a thread use it, one call after the other. */
export const SCRATCH = {
  nonce: 0,
  outLength: 16,
  associatedData: 32,
  key: 64,
  /** What `EVP_CIPHER_CTX_set_params` is given, and the names therein. */
  parameters: 128,
  names: 384,
  /** Ciphertext as it came in. */
  ciphertext: 512,
  bytes: 8192,
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
  memcpy(to: Address, from: Address, length: number): unknown;
  /** Where the memory behind a typed array begins. */
  addressOf(memory: ArrayBufferLike): Address;
  readonly scratch: NativeMemory;
}

/** @throws Error when the process has no OpenSSL that it lets others use */
export function bindEvp(native: Ffi): Evp {
  const { koffi, process } = native;
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
    memcpy: process.func('uintptr_t memcpy(uintptr_t, uintptr_t, size_t)'),
    addressOf: addressFinder(koffi),
    scratch: new NativeMemory(native, SCRATCH.bytes),
  };
}

function addressFinder(koffi: Ffi['koffi']): (memory: ArrayBufferLike) => Address {
  const known = new WeakMap<ArrayBufferLike, Address>();
  let last: ArrayBufferLike | undefined;
  let lastAt: Address = 0;
  return (memory) => {
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
}

function orUndefined<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
