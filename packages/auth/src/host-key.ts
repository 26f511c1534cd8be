import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { createPrivateFile, readPrivateFile } from './private-file.ts';

/** A server's static X25519 key pair, 32 raw bytes each. */
export interface HostKey {
  privateKey: Uint8Array;
  publicKey: Uint8Array;
}

/**
 * The server's long-lived key, `host_key` in the state directory (PKCS #8 PEM, mode 0600), made at the first start.
 * @throws JetStreamError `permission-denied` when others may read the file or we may not; `invalid-argument` when it holds
 *   no X25519 key: it is never replaced silently, for every client would see a changed key
 */
export function loadOrCreateHostKey(stateDirectory: string): HostKey {
  const file = join(stateDirectory, 'host_key');
  return readHostKey(file) ?? createHostKey(file);
}

function readHostKey(file: string): HostKey | undefined {
  let pem: Buffer;
  try {
    pem = readPrivateFile(file);
  } catch (error) {
    if (error instanceof JetStreamError && error.code === 'not-found') return undefined;
    throw error;
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'x25519') return rawKeyPair(key);
  } catch {
    // Told below, without the parser's words: they could quote the key.
  }
  throw new JetStreamError(
    'invalid-argument',
    `${file} holds no X25519 private key: restore it from a backup, or remove it to have a new one made (clients will then refuse this server until they forget the old key)`,
    { subject: file },
  );
}

function createHostKey(file: string): HostKey {
  createPrivateFile(file, generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const key = readHostKey(file);
  if (key === undefined)
    throw new JetStreamError('io-error', `${file} vanished after it was made`, { subject: file });
  return key;
}

function rawKeyPair(key: KeyObject): HostKey {
  const { d, x } = key.export({ format: 'jwk' });
  return { privateKey: Buffer.from(d!, 'base64url'), publicKey: Buffer.from(x!, 'base64url') };
}

/** How a host key is shown to people: `SHA256:` and the unpadded base64 of its SHA-256, as OpenSSH shows keys. */
export function keyFingerprint(publicKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replaceAll('=', '')}`;
}
