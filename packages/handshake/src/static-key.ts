import { createHash } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import { X25519_BYTES } from './x25519.ts';

/**
 * How a static public key is shown to people and compared by them: `SHA256:` and the unpadded base64 of its SHA-256, as
 * OpenSSH shows keys.
 * @param publicKey 32 raw bytes
 * @throws JetStreamError `invalid-argument` when it has another length
 */
export function fingerprint(publicKey: Uint8Array): string {
  if (publicKey.length !== X25519_BYTES) {
    throw new JetStreamError(
      'invalid-argument',
      `an X25519 public key has 32 bytes, not ${publicKey.length}`,
    );
  }
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replaceAll('=', '')}`;
}

export { type X25519KeyPair, x25519KeyPair as staticKeyPair } from './x25519.ts';
