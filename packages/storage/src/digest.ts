import { DIGEST_BYTES, JetStreamError } from '@jetstream/protocol';

/** BLAKE3 of some bytes, 32 bytes long. Synchronous. */
export type Blake3 = (bytes: Uint8Array) => Uint8Array;

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
  const { blake3 } = await import('@napi-rs/blake-hash');
  return blake3;
}

export async function loadWasmBlake3(): Promise<Blake3> {
  const { createBLAKE3 } = await import('hash-wasm');
  const hasher = await createBLAKE3();
  return (bytes) => hasher.init().update(bytes).digest('binary');
}

/** Digest of the part of a file in one block (PROTOCOL.md §4.3). */
export function chunkDigest(blake3: Blake3, chunk: Uint8Array): Uint8Array {
  return blake3(chunk);
}

/**
 * Digest of a file: of one chunk, that chunk's; of none, the BLAKE3 of nothing; of several, the BLAKE3 of theirs in order (PROTOCOL.md §4.3).
 * @param chunkDigests one after the other
 */
export function fileDigest(blake3: Blake3, chunkDigests: Uint8Array): Uint8Array {
  return chunkDigests.byteLength === DIGEST_BYTES ? chunkDigests : blake3(chunkDigests);
}
