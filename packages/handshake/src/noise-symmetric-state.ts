import { createHash, createHmac } from 'node:crypto';
import { NOISE_TAG_BYTES, NoiseCipherState } from './noise-cipher-state.ts';

const HASH_BYTES = 32;

/** `SymmetricState` of the Noise specification (rev 34 §5.2), with SHA256. No array in it is ever changed in place. */
export class NoiseSymmetricState {
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher: NoiseCipherState | undefined;

  /** @param protocolName ASCII, at most 32 characters: then it is its own hash, padded with zeros */
  constructor(protocolName: string) {
    const hash = Buffer.alloc(HASH_BYTES);
    hash.write(protocolName, 'ascii');
    this.#hash = hash;
    this.#chainingKey = hash;
  }

  /** `h`: binds everything sent and received so far. */
  get handshakeHash(): Uint8Array {
    return this.#hash;
  }

  /** Bytes that `encryptAndHash` adds now. */
  get tagBytes(): number {
    return this.#cipher === undefined ? 0 : NOISE_TAG_BYTES;
  }

  mixKey(inputKeyMaterial: Uint8Array): void {
    const [chainingKey, key] = noiseHkdf(this.#chainingKey, inputKeyMaterial);
    this.#chainingKey = chainingKey;
    this.#cipher = new NoiseCipherState(key);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  /** Before the first `mixKey` the plaintext goes as it is, hashed only. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.#cipher?.encryptWithAd(this.#hash, plaintext) ?? plaintext;
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** @throws JetStreamError `handshake-failed` when it does not open; the state is then as before */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.#cipher?.decryptWithAd(this.#hash, ciphertext) ?? ciphertext;
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** Two 32-byte keys: for what the initiator sends, and for what the responder sends. */
  split(): [Uint8Array, Uint8Array] {
    return noiseHkdf(this.#chainingKey, new Uint8Array(0));
  }

  clone(): NoiseSymmetricState {
    const copy = new NoiseSymmetricState('');
    copy.#chainingKey = this.#chainingKey;
    copy.#hash = this.#hash;
    copy.#cipher = this.#cipher?.clone();
    return copy;
  }
}

/** `HKDF` of the Noise specification (§4.3) for two outputs. */
function noiseHkdf(chainingKey: Uint8Array, inputKeyMaterial: Uint8Array): [Uint8Array, Uint8Array] {
  const secret = createHmac('sha256', chainingKey).update(inputKeyMaterial).digest();
  const first = createHmac('sha256', secret).update(Uint8Array.of(1)).digest();
  const second = createHmac('sha256', secret).update(first).update(Uint8Array.of(2)).digest();
  return [new Uint8Array(first), new Uint8Array(second)];
}
