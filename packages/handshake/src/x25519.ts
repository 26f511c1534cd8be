import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';

/** Bytes of a private key, a public key and a shared secret (RFC 7748). */
export const X25519_BYTES = 32;

/** Raw X25519 keys, 32 bytes each. */
export interface X25519KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/**
 * @param privateKey 32 random bytes; used as they are, X25519 clamps them itself
 * @throws JetStreamError `invalid-argument` when it has another length
 */
export function x25519KeyPair(privateKey: Uint8Array): X25519KeyPair {
  if (privateKey.length !== X25519_BYTES) {
    throw new JetStreamError(
      'invalid-argument',
      `an X25519 private key has 32 bytes, not ${privateKey.length}`,
    );
  }
  const spki = createPublicKey(privateKeyObject(privateKey)).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)) };
}

/**
 * The shared secret of our private and their public key, 32 bytes.
 * @throws JetStreamError `handshake-failed` when the public key is of low order: then the result is zero whatever our
 *   key, and proves nothing (RFC 7748 §6.1)
 */
export function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  let shared: Uint8Array;
  try {
    shared = diffieHellman({
      privateKey: privateKeyObject(privateKey),
      publicKey: publicKeyObject(publicKey),
    });
  } catch (cause) {
    throw new JetStreamError('handshake-failed', 'the peer sent an unusable public key', { cause });
  }
  if (shared.every((byte) => byte === 0)) {
    throw new JetStreamError('handshake-failed', 'the peer sent a public key of low order');
  }
  return shared;
}

/** DER of RFC 8410 up to the raw key: `node:crypto` takes raw X25519 keys in no other form. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

function privateKeyObject(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}

function publicKeyObject(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}
