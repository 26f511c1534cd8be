import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadOrCreateIdentity } from './client-identity.ts';
import { collectSigners } from './signers.ts';
import { fakeAgent } from './testing/fake-agent.ts';
import { type SshKeyPair, sshKeyPair } from './testing/ssh-key-pair.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

function homeWith(key: SshKeyPair | undefined): string {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  if (key !== undefined) writeFileSync(join(home, '.ssh', 'id_ed25519'), key.openSshFile(), { mode: 0o600 });
  return home;
}

const blobsOf = (signers: { publicKeyBlob: Uint8Array }[]) =>
  signers.map((signer) => Buffer.from(signer.publicKeyBlob));

describe('collectSigners', () => {
  it('offers the own identity, then the keys of the agent, then ~/.ssh/id_ed25519, each once', async () => {
    const [one, two] = [sshKeyPair(), sshKeyPair()];
    const configDirectory = temporaryDirectory();
    const identity = Buffer.from((await loadOrCreateIdentity(configDirectory)).publicKeyBlob);
    const agentSocket = (await fakeAgent([one])).socket;
    expect(
      blobsOf(await collectSigners({ configDirectory, agentSocket, homeDirectory: homeWith(two) })),
    ).toEqual([identity, one.blob, two.blob]);
    expect(
      blobsOf(await collectSigners({ configDirectory, agentSocket, homeDirectory: homeWith(one) })),
    ).toEqual([identity, one.blob]);
  });

  it('[LG-3] offers at most 8 keys', async () => {
    const keys = Array.from({ length: 10 }, () => sshKeyPair());
    const agentSocket = (await fakeAgent(keys)).socket;
    const signers = await collectSigners({
      configDirectory: temporaryDirectory(),
      agentSocket,
      homeDirectory: homeWith(undefined),
    });
    expect(signers).toHaveLength(8);
    expect(blobsOf(signers).slice(1)).toEqual(keys.slice(0, 7).map((key) => key.blob));
  });

  it('does without an agent that is gone and a key that makes no sense', async () => {
    const homeDirectory = homeWith(undefined);
    writeFileSync(join(homeDirectory, '.ssh', 'id_ed25519'), 'nonsense', { mode: 0o600 });
    const agentSocket = join(homeDirectory, 'gone');
    expect(
      await collectSigners({ configDirectory: temporaryDirectory(), agentSocket, homeDirectory }),
    ).toHaveLength(1);
  });

  it('does without an own identity where it cannot be made, unless there is no other key', async () => {
    const key = sshKeyPair();
    const blocked = join(temporaryDirectory(), 'file');
    writeFileSync(blocked, '');
    const options = { configDirectory: blocked, agentSocket: '' };
    expect(blobsOf(await collectSigners({ ...options, homeDirectory: homeWith(key) }))).toEqual([key.blob]);
    await expect(collectSigners({ ...options, homeDirectory: homeWith(undefined) })).rejects.toThrowError(
      expect.objectContaining({ name: 'JetStreamError', subject: expect.stringContaining(blocked) }),
    );
  });

  it('offers only the key that is named', async () => {
    const [named, other] = [sshKeyPair(), sshKeyPair()];
    const directory = temporaryDirectory();
    const identityFile = join(directory, 'named');
    writeFileSync(identityFile, named.openSshFile(), { mode: 0o600 });
    const agentSocket = (await fakeAgent([other])).socket;
    const options = { configDirectory: directory, agentSocket, homeDirectory: homeWith(other) };
    expect(blobsOf(await collectSigners({ ...options, identityFile }))).toEqual([named.blob]);
    await expect(
      collectSigners({ ...options, identityFile: join(directory, 'missing') }),
    ).rejects.toThrowError(expect.objectContaining({ code: 'not-found' }));
  });

  it('lets the agent sign for a named key of which only FILE.pub is there', async () => {
    const [named, other] = [sshKeyPair(), sshKeyPair()];
    const directory = temporaryDirectory();
    const identityFile = join(directory, 'named');
    writeFileSync(`${identityFile}.pub`, `${named.line}\n`);
    const agentSocket = (await fakeAgent([other, named])).socket;
    const options = { configDirectory: directory, homeDirectory: directory };
    for (const file of [identityFile, `${identityFile}.pub`]) {
      expect(blobsOf(await collectSigners({ ...options, agentSocket, identityFile: file }))).toEqual([
        named.blob,
      ]);
    }
    const withoutIt = (await fakeAgent([other])).socket;
    await expect(collectSigners({ ...options, agentSocket: withoutIt, identityFile })).rejects.toThrowError(
      expect.objectContaining({ code: 'not-found' }),
    );
  });
});
