import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import keygen from 'ssh2/lib/keygen.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadOrCreateIdentity } from './client-identity.ts';
import { verifyLoginSignature } from './login-signature.ts';
import { sshKeyPair } from './testing/ssh-key-pair.ts';
import { hasSshKeygen } from './testing/ssh-keygen.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const generate = () => keygen.generateKeyPairSync('ed25519', { comment: 'jetstream@host' });
const beforeCreating = vi.hoisted(() => ({ hook: undefined as ((file: string) => void) | undefined }));
vi.mock('./private-file.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('./private-file.ts')>();
  return {
    ...original,
    createPrivateFile: (file: string, content: string) => {
      const { hook } = beforeCreating;
      beforeCreating.hook = undefined;
      hook?.(file);
      return original.createPrivateFile(file, content);
    },
  };
});

describe('the identity of a client', () => {
  it('is made at first use, for its owner alone, and stays the same', async () => {
    const directory = join(temporaryDirectory(), 'new', 'config');
    const first = await loadOrCreateIdentity(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(first.file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(['identity', 'identity.pub']);
    expect(readFileSync(`${first.file}.pub`, 'utf8')).toBe(`${first.publicKeyLine}\n`);
    expect((await loadOrCreateIdentity(directory)).publicKeyLine).toBe(first.publicKeyLine);
    const data = Buffer.from('data');
    expect(verifyLoginSignature(first.publicKeyBlob, await first.sign(data), data)).toBe(true);
  });

  it('is never one of the keys that ssh2 spoils, one in 256', async () => {
    const isWhole = (pair: ReturnType<typeof generate>) =>
      Buffer.from(pair.public.split(' ')[1]!, 'base64').length === 51;
    let whole = generate();
    while (!isWhole(whole)) whole = generate();
    let spoiled = generate();
    while (isWhole(spoiled)) spoiled = generate();
    const maker = vi
      .spyOn(keygen, 'generateKeyPairSync')
      .mockReturnValueOnce(spoiled)
      .mockReturnValueOnce(whole);
    onTestFinished(() => maker.mockRestore());
    const { publicKeyLine } = await loadOrCreateIdentity(temporaryDirectory());
    expect(publicKeyLine).toMatch(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43} jetstream@/);
    expect(maker).toHaveBeenCalledTimes(2);
  });

  it('is that of the process that was first when two make it at once', async () => {
    const directory = temporaryDirectory();
    const rival = sshKeyPair('rival');
    beforeCreating.hook = (file) => writeFileSync(file, rival.openSshFile(), { mode: 0o600 });
    onTestFinished(() => {
      beforeCreating.hook = undefined;
    });
    expect((await loadOrCreateIdentity(directory)).publicKeyLine).toBe(rival.line);
  });

  it('is refused when others may read it', async () => {
    const directory = temporaryDirectory();
    chmodSync((await loadOrCreateIdentity(directory)).file, 0o644);
    await expect(loadOrCreateIdentity(directory)).rejects.toThrowError(
      expect.objectContaining({ code: 'permission-denied' }),
    );
  });

  it.skipIf(!hasSshKeygen)('is read by ssh-keygen (needs ssh-keygen)', async () => {
    const { file, publicKeyLine } = await loadOrCreateIdentity(temporaryDirectory());
    const derived = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim();
    expect(derived).toBe(publicKeyLine);
  });
});
