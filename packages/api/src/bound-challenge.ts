import { createHash } from 'node:crypto';

const CONTEXT = Buffer.from('jetstream api login v1\0', 'latin1');

/**
 * What stands for the connection in `loginSignatureInput` when a key logs in to the API: the server's challenge, bound to its certificate,
 * so that a signature is worth nothing to whoever stands between client and server with another one.
 * @param challenge as `authChallenge` gave it, 32 bytes
 * @param certificate of the server, DER
 * @returns 32 bytes
 */
export function boundChallenge(challenge: Uint8Array, certificate: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(certificate).digest();
  return createHash('sha256').update(CONTEXT).update(challenge).update(digest).digest();
}
