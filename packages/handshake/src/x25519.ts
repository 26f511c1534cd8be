import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';

/** Bytes of a private key, a public key and a shared secret (RFC 7748). */
export const X25519_BYTES = 32;

export interface X25519KeyPair {
  /** Made once for all that it is used for: OpenSSL takes 0.7 ms to read a key, and 0.04 ms to use it. */
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
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
  const key = privateKeyObject(privateKey);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { privateKey: key, publicKey: new Uint8Array(Buffer.from(x!, 'base64url')) };
}

/**
 * The shared secret of our private and their public key, 32 bytes.
 * @throws JetStreamError `handshake-failed` when the public key is of low order: then the result is zero whatever our
 *   key, and proves nothing (RFC 7748 §6.1)
 */
export function x25519(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array {
  let shared: Uint8Array;
  try {
    shared = diffieHellman({ privateKey, publicKey: publicKeyObject(publicKey) });
  } catch (cause) {
    throw new JetStreamError('handshake-failed', 'the peer sent an unusable public key', { cause });
  }
  if (shared.every((byte) => byte === 0)) {
    throw new JetStreamError('handshake-failed', 'the peer sent a public key of low order');
  }
  return shared;
}

/** DER of RFC 8410 up to the raw key: as a JSON Web Key, which is read faster, a private key has to have its public one along. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

function privateKeyObject(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}

/** RFC 8037. */
function publicKeyObject(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
}
