import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ed25519KeyOf } from './login-signature.ts';

const ARMOUR =
  /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n*$/;
const MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');
/** Cipher and key derivation "none" without options, and one key. */
const PLAIN_SINGLE_KEY = Buffer.from('\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01', 'latin1');
const ED25519_BYTES = 32;

export interface OpenSshKey {
  /** SSH wire form of the public key (RFC 8709 §4). */
  publicKeyBlob: Uint8Array;
  privateKey: KeyObject;
  comment: string;
}

/**
 * Reads the one kind of file that nearly every login uses: a single unencrypted Ed25519 key in OpenSSH's format (its PROTOCOL.key).
 * Loading ssh2 for it would take longer than all else that a login does.
 * @returns undefined for anything else, be it only unusual: `ssh2` reads it, or knows what is wrong with it
 */
export function readOpenSshKey(content: Buffer): OpenSshKey | undefined {
  const body = bodyOf(content);
  if (!body?.subarray(0, PLAIN_SINGLE_KEY.length).equals(PLAIN_SINGLE_KEY)) return undefined;
  const outer = new Strings(body, PLAIN_SINGLE_KEY.length);
  const publicKeyBlob = outer.next();
  const section = outer.next();
  const publicKey = ed25519KeyOf(publicKeyBlob ?? new Uint8Array(0));
  if (publicKeyBlob === undefined || publicKey === undefined || !section || outer.rest.length > 0)
    return undefined;

  // Twice the same random number, the type, both keys, the comment, and 1, 2, 3, … up to a whole number of cipher blocks.
  const [check, again] = [section.subarray(0, 4), section.subarray(4, 8)];
  const inner = new Strings(section, 8);
  const [type, publicAgain, secret, comment] = [inner.next(), inner.next(), inner.next(), inner.next()];
  if (!check.equals(again) || type?.toString('latin1') !== 'ssh-ed25519' || !publicAgain?.equals(publicKey))
    return undefined;
  if (secret?.length !== 2 * ED25519_BYTES || !secret.subarray(ED25519_BYTES).equals(publicKey) || !comment)
    return undefined;
  if (!inner.rest.every((byte, at) => byte === at + 1)) return undefined;
  const [d, x] = [
    secret.toString('base64url', 0, ED25519_BYTES),
    Buffer.from(publicKey).toString('base64url'),
  ];
  const privateKey = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', d, x } });
  return { publicKeyBlob, privateKey, comment: comment.toString('utf8') };
}

/** Whether it is a key in OpenSSH's format that needs a passphrase. */
export function isEncryptedOpenSshKey(content: Buffer): boolean {
  const body = bodyOf(content);
  const cipher = body && new Strings(body, 0).next();
  return cipher !== undefined && cipher.toString('latin1') !== 'none';
}

/** What follows the magic bytes; undefined when it is not in this format. */
function bodyOf(content: Buffer): Buffer | undefined {
  const bytes = Buffer.from(ARMOUR.exec(content.toString('latin1'))?.[1] ?? '', 'base64');
  return bytes.subarray(0, MAGIC.length).equals(MAGIC) ? bytes.subarray(MAGIC.length) : undefined;
}

/** Strings of RFC 4251 §5, one after the other. */
class Strings {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** What comes after those that were taken. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** undefined when it is cut short. */
  next(): Buffer | undefined {
    if (this.#bytes.length - this.#at < 4) return undefined;
    const begin = this.#at + 4;
    const end = begin + this.#bytes.readUInt32BE(this.#at);
    if (end > this.#bytes.length) return undefined;
    this.#at = end;
    return this.#bytes.subarray(begin, end);
  }
}
