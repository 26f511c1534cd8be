/**
 * One direction's packet protection under one key. Works in place so that the hot path copies nothing.
 * Implemented by `@jetstream/platform` (portable and native) and injected; see PROTOCOL.md §1.3.
 */
export interface PacketAead {
  /**
   * Seals `buffer[start, end)` in place and writes the 16-byte tag after it.
   * @param packetNumber full packet number, below 2^53; the nonce is the IV xor this number
   * @param headerStart `buffer[headerStart, start)` is the associated data
   * @returns the new end (`end + 16`); the buffer must have that room
   */
  seal(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number;
  /**
   * Opens `buffer[start, end)` (ciphertext then tag) in place.
   * @returns the end of the plaintext (`end - 16`), or -1 when the tag does not agree: then `buffer[start, end)` may hold
   *   anything. Never throws on hostile input.
   */
  open(packetNumber: number, buffer: Uint8Array, headerStart: number, start: number, end: number): number;
  /** Frees what the implementation holds outside the JS heap. The object is not used afterwards. */
  dispose(): void;
}

/** AEAD algorithms by their number on the wire, in `HandshakeParameters.aeads`. */
export const AeadAlgorithm = { Aes256Gcm: 1, Aes128Gcm: 2, ChaCha20Poly1305: 3 } as const;
export type AeadAlgorithm = (typeof AeadAlgorithm)[keyof typeof AeadAlgorithm];

export interface AeadProvider {
  /** Algorithms this machine can do, best first. */
  readonly algorithms: readonly AeadAlgorithm[];
  /** @param key 32 bytes (16 are used by AES-128-GCM) @param iv 12 bytes */
  create(algorithm: AeadAlgorithm, key: Uint8Array, iv: Uint8Array): PacketAead;
}

/** Bytes an AEAD tag adds to a packet. */
export const AEAD_TAG_BYTES = 16;
