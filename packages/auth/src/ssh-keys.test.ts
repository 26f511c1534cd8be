import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyLoginSignature } from './login-signature.ts';
import { loadPrivateKey, parsePrivateKey } from './ssh-keys.ts';
import { sshKeyPair } from './testing/ssh-key-pair.ts';
import { hasSshKeygen } from './testing/ssh-keygen.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

function keygen(...options: string[]): string {
  const file = join(temporaryDirectory(), 'key');
  execFileSync('ssh-keygen', ['-q', '-f', file, '-C', 'made by ssh-keygen', ...options]);
  return file;
}

describe('loadPrivateKey', () => {
  it('loads an Ed25519 key in the OpenSSH format and signs with it', async () => {
    const pair = sshKeyPair('my key');
    const file = join(temporaryDirectory(), 'key');
    writeFileSync(file, pair.openSshFile(), { mode: 0o600 });
    const signer = loadPrivateKey(file);
    expect(signer.comment).toBe('my key');
    expect(Buffer.from(signer.publicKeyBlob)).toEqual(pair.blob);
    const data = Buffer.from('data');
    expect(Buffer.from(await signer.sign(data))).toEqual(pair.sign(data));
  });

  it('names a file that is missing, open to others, or no private key', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'key');
    expect(() => loadPrivateKey(file)).toThrowError(
      expect.objectContaining({ code: 'not-found', subject: file }),
    );
    writeFileSync(file, sshKeyPair().openSshFile());
    chmodSync(file, 0o644);
    expect(() => loadPrivateKey(file)).toThrowError(expect.objectContaining({ code: 'permission-denied' }));
    chmodSync(file, 0o600);
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const content of ['', 'nonsense', sshKeyPair().line, pem]) {
      writeFileSync(file, content);
      expect(() => loadPrivateKey(file)).toThrowError(
        expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(file) }),
      );
    }
    expect(() => loadPrivateKey(directory)).toThrowError(expect.objectContaining({ code: 'special-file' }));
  });

  it('throws nothing but a JetStreamError for a damaged key', () => {
    const content = Buffer.from(sshKeyPair().openSshFile());
    fc.assert(
      fc.property(fc.nat(content.length - 1), fc.nat(255), fc.nat(content.length), (at, byte, length) => {
        const damaged = Buffer.from(content);
        damaged[at] = byte;
        for (const bytes of [damaged, content.subarray(0, length)]) {
          try {
            parsePrivateKey(Buffer.from(bytes), 'key');
          } catch (error) {
            expect(error).toBeInstanceOf(JetStreamError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it.skipIf(!hasSshKeygen)('loads what ssh-keygen makes (needs ssh-keygen)', async () => {
    const signer = loadPrivateKey(keygen('-t', 'ed25519', '-N', ''));
    expect(signer.comment).toBe('made by ssh-keygen');
    const data = Buffer.from('data');
    expect(verifyLoginSignature(signer.publicKeyBlob, await signer.sign(data), data)).toBe(true);
  });

  it.skipIf(!hasSshKeygen)('says of an encrypted key to use ssh-add (needs ssh-keygen)', () => {
    const file = keygen('-t', 'ed25519', '-N', 'secret');
    expect(() => loadPrivateKey(file)).toThrowError(
      expect.objectContaining({ code: 'login-refused', message: expect.stringContaining(`ssh-add ${file}`) }),
    );
  });

  it.skipIf(!hasSshKeygen)('names the type of a key that is not Ed25519 (needs ssh-keygen)', () => {
    expect(() => loadPrivateKey(keygen('-t', 'ecdsa', '-N', ''))).toThrowError(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining('ecdsa') }),
    );
  });
});
