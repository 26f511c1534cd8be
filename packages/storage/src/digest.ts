import { BLOCK_BYTES, JetStreamError } from '@jetstream/protocol';

/** BLAKE3 of some bytes, 32 bytes long. Synchronous. */
export interface Blake3 {
  (bytes: Uint8Array): Uint8Array;
  /** Of bytes that come in parts, one after the other; each may be overwritten when the next is asked for. */
  ofParts(parts: Iterable<Uint8Array>): Uint8Array;
}

/**
 * The fastest BLAKE3 that gives right answers here: native, else WebAssembly. Load once, then use synchronously.
 * @throws JetStreamError `internal` when neither does
 */
export async function loadBlake3(): Promise<Blake3> {
  const failures: unknown[] = [];
  for (const load of [loadNativeBlake3, loadWasmBlake3]) {
    try {
      const blake3 = await load();
      if (Buffer.from(blake3(new Uint8Array(0))).toString('hex') === BLAKE3_OF_NOTHING) return blake3;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new JetStreamError('internal', 'BLAKE3 could not be loaded; install JetStream anew', {
    cause: failures,
  });
}

const BLAKE3_OF_NOTHING = 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262';

/** @throws when there is no build of the library for this platform */
export async function loadNativeBlake3(): Promise<Blake3> {
  const { blake3, Blake3Hasher } = await import('@napi-rs/blake-hash');
  return Object.assign((bytes: Uint8Array) => blake3(bytes), {
    ofParts(parts: Iterable<Uint8Array>) {
      const hasher = new Blake3Hasher();
      for (const part of parts) hasher.update(part);
      return hasher.digestBuffer();
    },
  });
}

export async function loadWasmBlake3(): Promise<Blake3> {
  const { createBLAKE3 } = await import('hash-wasm');
  const hasher = await createBLAKE3();
  return Object.assign((bytes: Uint8Array) => hasher.init().update(bytes).digest('binary'), {
    ofParts(parts: Iterable<Uint8Array>) {
      hasher.init();
      for (const part of parts) hasher.update(part);
      return hasher.digest('binary');
    },
  });
}

/** Digest of the part of a file in one block (PROTOCOL.md §4.3). */
export function chunkDigest(blake3: Blake3, chunk: Uint8Array): Uint8Array {
  return blake3(chunk);
}

/** Whether a chunk is what its digest says. */
export function hasDigest(blake3: Blake3, chunk: Uint8Array, digest: Uint8Array): boolean {
  return Buffer.compare(chunkDigest(blake3, chunk), digest) === 0;
}

/** Digest of a chunk that is all zeros. */
export function zeroChunkDigest(blake3: Blake3, byteLength: number): Uint8Array {
  if (byteLength < BLOCK_BYTES) return chunkDigest(blake3, new Uint8Array(byteLength));
  zeroBlockDigest ??= chunkDigest(blake3, new Uint8Array(BLOCK_BYTES));
  return zeroBlockDigest;
}

let zeroBlockDigest: Uint8Array | undefined;
