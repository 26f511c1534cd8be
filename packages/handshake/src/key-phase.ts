import type { AeadAlgorithm, AeadProvider, PacketAead } from '@jetstream/protocol';
import { deriveNextSecret, derivePacketKeys } from './key-schedule.ts';

/** One direction's keys for one key phase: a link of the chain of secrets that starts with the handshake. */
export class KeyPhase {
  readonly aead: PacketAead;
  readonly #provider: AeadProvider;
  readonly #algorithm: AeadAlgorithm;
  readonly #secret: Uint8Array;

  /** @param secret 32 bytes; copied */
  constructor(provider: AeadProvider, algorithm: AeadAlgorithm, secret: Uint8Array) {
    const { key, iv } = derivePacketKeys(secret);
    this.aead = provider.create(algorithm, key, iv);
    this.#provider = provider;
    this.#algorithm = algorithm;
    this.#secret = new Uint8Array(secret);
  }

  next(): KeyPhase {
    return new KeyPhase(this.#provider, this.#algorithm, deriveNextSecret(this.#secret));
  }

  /** Frees the AEAD and overwrites the secret, so that what was sent before cannot be read from memory later. */
  dispose(): void {
    this.aead.dispose();
    this.#secret.fill(0);
  }
}
