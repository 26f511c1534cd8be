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
    const signer = await loadPrivateKey(file);
    expect(signer.comment).toBe('my key');
    expect(Buffer.from(signer.publicKeyBlob)).toEqual(pair.blob);
    const data = Buffer.from('data');
    expect(Buffer.from(await signer.sign(data))).toEqual(pair.sign(data));
  });

  it('names a file that is missing, open to others, or no private key', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'key');
    await expect(loadPrivateKey(file)).rejects.toThrowError(
      expect.objectContaining({ code: 'not-found', subject: file }),
    );
    writeFileSync(file, sshKeyPair().openSshFile());
    chmodSync(file, 0o644);
    await expect(loadPrivateKey(file)).rejects.toThrowError(
      expect.objectContaining({ code: 'permission-denied' }),
    );
    chmodSync(file, 0o600);
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const content of ['', 'nonsense', sshKeyPair().line, pem]) {
      writeFileSync(file, content);
      await expect(loadPrivateKey(file)).rejects.toThrowError(
        expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(file) }),
      );
    }
    await expect(loadPrivateKey(directory)).rejects.toThrowError(
      expect.objectContaining({ code: 'special-file' }),
    );
  });

  it('throws nothing but a JetStreamError for a damaged key', async () => {
    const content = Buffer.from(sshKeyPair().openSshFile());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(content.length - 1),
        fc.nat(255),
        fc.nat(content.length),
        async (at, byte, length) => {
          const damaged = Buffer.from(content);
          damaged[at] = byte;
          for (const bytes of [damaged, content.subarray(0, length)]) {
            try {
              await parsePrivateKey(Buffer.from(bytes), 'key');
            } catch (error) {
              expect(error).toBeInstanceOf(JetStreamError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.skipIf(!hasSshKeygen)('loads what ssh-keygen makes (needs ssh-keygen)', async () => {
    const signer = await loadPrivateKey(keygen('-t', 'ed25519', '-N', ''));
    expect(signer.comment).toBe('made by ssh-keygen');
    const data = Buffer.from('data');
    expect(verifyLoginSignature(signer.publicKeyBlob, await signer.sign(data), data)).toBe(true);
  });

  it.skipIf(!hasSshKeygen)('says of an encrypted key to use ssh-add (needs ssh-keygen)', async () => {
    const file = keygen('-t', 'ed25519', '-N', 'secret');
    await expect(loadPrivateKey(file)).rejects.toThrowError(
      expect.objectContaining({ code: 'login-refused', message: expect.stringContaining(`ssh-add ${file}`) }),
    );
  });

  it.skipIf(!hasSshKeygen)('names the type of a key that is not Ed25519 (needs ssh-keygen)', async () => {
    await expect(loadPrivateKey(keygen('-t', 'ecdsa', '-N', ''))).rejects.toThrowError(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining('ecdsa') }),
    );
  });
});
