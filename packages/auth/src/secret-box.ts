import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import { createPrivateFile, readPrivateFile } from './private-file.ts';

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const KEY_BYTES = 32;
/** Beginning of the SHA-256 of the key that sealed: another key is not the same as damage. */
const KEY_ID_BYTES = 4;
/** Random: far fewer secrets are sealed by one key than would make two alike (NIST SP 800-38D §8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;

interface Key {
  bytes: Buffer;
  id: Buffer;
}

/**
 * Keeps secrets that are stored from whoever reads the store but not the key file: AES-256-GCM by the 32 bytes of that file
 * (mode 0600), which is made when the first secret is sealed. A sealed secret is
 * version (1) | key id (4) | nonce (12) | ciphertext | tag (16) in base64, and its header and context are authenticated with it.
 */
export class SecretBox {
  readonly #keyFile: string;
  #key: Key | undefined;

  constructor(keyFile: string) {
    this.#keyFile = keyFile;
  }

  /**
   * @param context what the secret belongs to, e.g. `destination/ID`: it opens with the same context alone
   * @throws JetStreamError of the key file: `permission-denied` when others may read it; `invalid-argument` when it holds no key; or
   *   why it could not be made
   */
  seal(text: string, context: string): string {
    const key = this.#readKey() ?? this.#makeKey();
    const header = Buffer.concat([Buffer.of(VERSION), key.id, randomBytes(NONCE_BYTES)]);
    const cipher = createCipheriv(CIPHER, key.bytes, header.subarray(1 + KEY_ID_BYTES), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(associatedData(header, context));
    const sealed = [header, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat(sealed).toString('base64');
  }

  /**
   * @throws JetStreamError `not-found` when the key file is gone, or holds another key than the one that sealed: the secret is
   *   lost; `invalid-argument` when what was sealed is damaged or belong elsewhere; of the key file as `seal`
   */
  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw this.#damaged();
    const key = this.#readKey();
    if (key === undefined || !key.id.equals(bytes.subarray(1, 1 + KEY_ID_BYTES))) throw this.#lost();
    const header = bytes.subarray(0, HEADER_BYTES);
    const decipher = createDecipheriv(CIPHER, key.bytes, header.subarray(1 + KEY_ID_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(header, context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      throw this.#damaged();
    }
  }

  #readKey(): Key | undefined {
    if (this.#key !== undefined) return this.#key;
    let bytes: Buffer;
    try {
      bytes = readPrivateFile(this.#keyFile);
    } catch (error) {
      if (error instanceof JetStreamError && error.code === 'not-found') return undefined;
      throw error;
    }
    if (bytes.length !== KEY_BYTES) {
      throw new JetStreamError(
        'invalid-argument',
        `${this.#keyFile} holds no key of ${KEY_BYTES} bytes: restore it from a backup, or remove it and give the secrets again`,
        { subject: this.#keyFile },
      );
    }
    const id = createHash('sha256').update(bytes).digest().subarray(0, KEY_ID_BYTES);
    this.#key = { bytes, id };
    return this.#key;
  }

  #makeKey(): Key {
    createPrivateFile(this.#keyFile, randomBytes(KEY_BYTES));
    const key = this.#readKey();
    if (key === undefined) {
      throw new JetStreamError('io-error', `${this.#keyFile} vanished after it was made`, {
        subject: this.#keyFile,
      });
    }
    return key;
  }

  #lost(): JetStreamError {
    return new JetStreamError(
      'not-found',
      `a stored secret is lost, for the key that it was sealed with is no longer in ${this.#keyFile}: restore that file from a backup, or give the secret again`,
      { subject: this.#keyFile },
    );
  }

  #damaged(): JetStreamError {
    return new JetStreamError('invalid-argument', 'a stored secret is damaged: give it again', {
      subject: this.#keyFile,
    });
  }
}

function associatedData(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context, 'utf8')]);
}
