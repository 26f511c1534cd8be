import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyFingerprint, loadOrCreateHostKey } from './host-key.ts';
import { createPrivateFile } from './private-file.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

describe('the host key', () => {
  it('is made at the first start, for its owner alone, and stays the same', () => {
    const state = join(temporaryDirectory(), 'new', 'state');
    const first = loadOrCreateHostKey(state);
    expect([first.privateKey.length, first.publicKey.length]).toEqual([32, 32]);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, 'host_key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(state)).toEqual(['host_key']);
    expect(loadOrCreateHostKey(state)).toEqual(first);
  });

  it('is a pair: the public half is that of the private one (RFC 7748)', () => {
    const { privateKey, publicKey } = loadOrCreateHostKey(temporaryDirectory());
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), privateKey]);
    const derived = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(Buffer.from(derived.export({ format: 'jwk' }).x!, 'base64url')).toEqual(Buffer.from(publicKey));
  });

  it('is refused when others may read it, with the way to mend that', () => {
    const state = temporaryDirectory();
    loadOrCreateHostKey(state);
    chmodSync(join(state, 'host_key'), 0o640);
    expect(() => loadOrCreateHostKey(state)).toThrowError(
      expect.objectContaining({ code: 'permission-denied', message: expect.stringContaining('chmod 600') }),
    );
  });

  it('is never replaced when its file makes no sense', () => {
    const state = temporaryDirectory();
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const content of ['', 'nonsense', pem]) {
      writeFileSync(join(state, 'host_key'), content, { mode: 0o600 });
      expect(() => loadOrCreateHostKey(state)).toThrowError(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
      expect(readFileSync(join(state, 'host_key'), 'utf8')).toBe(content);
    }
  });

  it('has the fingerprint that OpenSSH would show for these bytes', () => {
    expect(keyFingerprint(new Uint8Array(32))).toBe('SHA256:Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU');
  });
});

describe('createPrivateFile', () => {
  it('leaves a file that is there as it is, and no temporary one behind', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'key');
    expect(createPrivateFile(file, 'first')).toBe(true);
    expect(createPrivateFile(file, 'second')).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('first');
    expect(readdirSync(directory)).toEqual(['key']);
  });
});
