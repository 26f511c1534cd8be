import { createPublicKey, verify } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';

const CONTEXT = Buffer.from('jetstream-login-v1\0', 'latin1');
const HANDSHAKE_HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAX_USER_BYTES = 0xffff;
/** string "ssh-ed25519", then the length of the key that follows (RFC 8709 §4). */
const ED25519_BLOB_PREFIX = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');
const ED25519_KEY_BYTES = 32;

/**
 * The bytes that a login key signs (LG-2). They are bound to this connection by its handshake hash, and can be no SSH user
 * authentication request, for those begin with a length.
 * @throws JetStreamError `invalid-argument` when the hash is not 32 bytes or the name longer than 65,535
 */
export function loginSignatureInput(handshakeHash: Uint8Array, user: string): Uint8Array {
  const name = Buffer.from(user, 'utf8');
  if (handshakeHash.length !== HANDSHAKE_HASH_BYTES || name.length > MAX_USER_BYTES) {
    throw new JetStreamError(
      'invalid-argument',
      'a login is signed over a hash of 32 bytes and a name of at most 65,535',
    );
  }
  const length = Buffer.alloc(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([CONTEXT, handshakeHash, length, name]);
}

/**
 * Says whether `signature` (64 raw bytes) over `input` was made with the Ed25519 key that `publicKeyBlob` gives in SSH wire
 * form. Whatever is malformed or of another type is just not a valid signature: nothing is thrown.
 */
export function verifyLoginSignature(
  publicKeyBlob: Uint8Array,
  signature: Uint8Array,
  input: Uint8Array,
): boolean {
  const key = ed25519KeyOf(publicKeyBlob);
  if (key === undefined || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const x = Buffer.from(key).toString('base64url');
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    return verify(null, input, publicKey, signature);
  } catch {
    return false;
  }
}

/** The 32 raw bytes of a key in SSH wire form; undefined unless it is exactly one well-formed ssh-ed25519 key. */
export function ed25519KeyOf(blob: Uint8Array): Uint8Array | undefined {
  const prefixBytes = ED25519_BLOB_PREFIX.length;
  if (blob.length !== prefixBytes + ED25519_KEY_BYTES) return undefined;
  return ED25519_BLOB_PREFIX.equals(blob.subarray(0, prefixBytes)) ? blob.subarray(prefixBytes) : undefined;
}
