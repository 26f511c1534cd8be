import { sign } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import type ssh2 from 'ssh2';
import { ed25519KeyOf } from './login-signature.ts';
import { isEncryptedOpenSshKey, readOpenSshKey } from './openssh-key.ts';
import { readPrivateFile } from './private-file.ts';

/** Something that can prove the possession of an Ed25519 key. */
export interface Signer {
  /** SSH wire form (RFC 8709 §4). */
  publicKeyBlob: Uint8Array;
  comment: string;
  /** Gives the 64 raw bytes of the signature. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/**
 * Loads a private key in OpenSSH's format.
 * @throws JetStreamError `login-refused` when it is encrypted; `invalid-argument` when it is no Ed25519 private key;
 *   `permission-denied` when it is open to others; or why it cannot be read
 */
export async function loadPrivateKey(file: string): Promise<Signer> {
  return parsePrivateKey(readPrivateFile(file), file);
}

export async function parsePrivateKey(content: Buffer, file: string): Promise<Signer> {
  const plain = readOpenSshKey(content);
  if (plain !== undefined) {
    const { publicKeyBlob, privateKey, comment } = plain;
    return { publicKeyBlob, comment, sign: async (data) => sign(null, data, privateKey) };
  }
  if (isEncryptedOpenSshKey(content)) throw encrypted(file);
  const key = await parseUnusual(content);
  if (key instanceof Error && /encrypted|passphrase/i.test(key.message)) throw encrypted(file);
  if (key instanceof Error) {
    throw new JetStreamError('invalid-argument', `${file} holds no private key in OpenSSH's format`, {
      subject: file,
    });
  }
  const publicKeyBlob = key.getPublicSSH();
  if (!key.isPrivateKey() || ed25519KeyOf(publicKeyBlob) === undefined) {
    throw new JetStreamError(
      'invalid-argument',
      `${file} is ${key.isPrivateKey() ? `a key of type ${key.type}` : 'a public key'}; a login needs an Ed25519 private key: make one with 'ssh-keygen -t ed25519'`,
      { subject: file },
    );
  }
  return {
    publicKeyBlob,
    comment: key.comment,
    // Not `async sign(…)`: what ssh2 throws or returns as an Error must reject.
    sign: async (data) => {
      const signature: Buffer | Error = key.sign(Buffer.from(data));
      if (signature instanceof Error)
        throw new JetStreamError('internal', `cannot sign with ${file}`, { cause: signature });
      return signature;
    },
  };
}

/** ssh2 returns most errors but throws some. */
async function parseUnusual(content: Buffer): Promise<ssh2.ParsedKey | Error> {
  const { default: keyParser } = await import('ssh2/lib/protocol/keyParser.js');
  try {
    const parsed: ssh2.ParsedKey | ssh2.ParsedKey[] | Error = keyParser.parseKey(content);
    return (Array.isArray(parsed) ? parsed[0] : parsed) ?? new Error('no key');
  } catch (error) {
    return error as Error;
  }
}

function encrypted(file: string): JetStreamError {
  return new JetStreamError(
    'login-refused',
    `the private key ${file} is encrypted: run 'ssh-add ${file}' first, so that the SSH agent can sign with it`,
    { subject: file },
  );
}
