import { hostname } from 'node:os';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { createPrivateFile, readPrivateFile } from './private-file.ts';
import { parsePrivateKey, type Signer } from './ssh-keys.ts';

/** The Ed25519 key of a client, which it logs in with. */
export interface ClientIdentity extends Signer {
  file: string;
  /** The line for `authorized_keys`, without a line break. */
  publicKeyLine: string;
}

/**
 * The client's own identity: `identity` (OpenSSH private key, mode 0600) in its configuration directory, with `identity.pub`
 * beside it. Made at first use; of two processes that do so at once both get the same one.
 * @throws JetStreamError when it can be neither read nor made
 */
export async function loadOrCreateIdentity(configDirectory: string): Promise<ClientIdentity> {
  const file = join(configDirectory, 'identity');
  return (await read(file)) ?? (await create(file));
}

async function read(file: string): Promise<ClientIdentity | undefined> {
  let content: Buffer;
  try {
    content = readPrivateFile(file);
  } catch (error) {
    if (error instanceof JetStreamError && error.code === 'not-found') return undefined;
    throw error;
  }
  const signer = await parsePrivateKey(content, file);
  const publicKeyLine =
    `ssh-ed25519 ${Buffer.from(signer.publicKeyBlob).toString('base64')} ${signer.comment}`.trim();
  return { ...signer, file, publicKeyLine };
}

async function create(file: string): Promise<ClientIdentity> {
  createPrivateFile(file, await generatePrivateKey(file));
  const identity = await read(file);
  if (identity === undefined)
    throw new JetStreamError('io-error', `${file} vanished after it was made`, { subject: file });
  createPrivateFile(`${file}.pub`, `${identity.publicKeyLine}\n`);
  return identity;
}

/** ssh2 1.17 drops leading zero bytes of a public key and so makes one key in 256 that nobody can read. */
async function generatePrivateKey(file: string): Promise<string> {
  const { default: keygen } = await import('ssh2/lib/keygen.js');
  for (let attempt = 0; attempt < 8; attempt++) {
    const text = keygen.generateKeyPairSync('ed25519', { comment: `jetstream@${hostname()}` }).private;
    try {
      await parsePrivateKey(Buffer.from(text), file);
      return text;
    } catch {
      // The next one will do.
    }
  }
  throw new JetStreamError('internal', `cannot make a key for ${file}`, { subject: file });
}
