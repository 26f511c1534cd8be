import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyLoginSignature } from './login-signature.ts';
import { agentSigners } from './ssh-agent.ts';
import { fakeAgent } from './testing/fake-agent.ts';
import { sshKeyPair, sshString } from './testing/ssh-key-pair.ts';
import { hasSshKeygen } from './testing/ssh-keygen.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

const unhelpful = expect.objectContaining({ code: 'login-refused' });

describe('agentSigners', () => {
  it('lists the Ed25519 keys of an agent, which sign through it', async () => {
    const keys = [sshKeyPair(), sshKeyPair()];
    const rsa = {
      ...sshKeyPair(),
      blob: Buffer.concat([
        sshString(Buffer.from('ssh-rsa')),
        sshString(Buffer.of(1, 0, 1)),
        sshString(Buffer.alloc(128, 0x55)),
      ]),
    };
    const agent = await fakeAgent([rsa, ...keys]);
    const signers = await agentSigners(agent.socket);
    expect(signers.map((signer) => Buffer.from(signer.publicKeyBlob))).toEqual(keys.map((key) => key.blob));
    expect(signers[0]!.comment).toBe('from the agent');
    const data = Buffer.from('data');
    expect(verifyLoginSignature(keys[1]!.blob, await signers[1]!.sign(data), data)).toBe(true);
    await expect.poll(() => agent.connectionsOpen()).toBe(0);
  });

  it('rejects when there is no agent, or one that will not sign', async () => {
    await expect(agentSigners(join(temporaryDirectory(), 'none'))).rejects.toThrowError(unhelpful);
    const agent = await fakeAgent([sshKeyPair()], { refuseToSign: true });
    const [signer] = await agentSigners(agent.socket);
    await expect(signer!.sign(Buffer.from('data'))).rejects.toThrowError(unhelpful);
  });

  it('gives a silent agent up in time and hangs up', async () => {
    const agent = await fakeAgent([], { answer: 'silence' });
    await expect(agentSigners(agent.socket, 50)).rejects.toThrowError(unhelpful);
    await expect.poll(() => agent.connectionsOpen()).toBe(0);
  });

  it.each([
    ['an empty message', Buffer.from('00000000', 'hex')],
    ['an unknown type', Buffer.from('00000001ff', 'hex')],
    ['more keys than follow', Buffer.from('000000050cffffffff', 'hex')],
    ['a message that never ends', Buffer.from('ffffffff0c00', 'hex')],
    ['a blob longer than its message', Buffer.from('000000090c00000001ffffffff', 'hex')],
    ['a signature where keys are asked', Buffer.from('000000050e00000000', 'hex')],
  ])('rejects %s', async (_, answer) => {
    const agent = await fakeAgent([], { answer });
    await expect(agentSigners(agent.socket, 100)).rejects.toThrowError(unhelpful);
  });

  it.skipIf(!hasSshKeygen)("works with OpenSSH's ssh-agent (needs ssh-agent)", async () => {
    const directory = temporaryDirectory();
    const socket = join(directory, 'agent');
    const started = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
    onTestFinished(() => void process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(started)![1])));
    const pair = sshKeyPair('mine');
    writeFileSync(join(directory, 'key'), pair.openSshFile(), { mode: 0o600 });
    execFileSync('ssh-add', ['-q', join(directory, 'key')], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
    });
    const [signer] = await agentSigners(socket);
    expect(signer!.comment).toBe('mine');
    const data = Buffer.from('data');
    expect(verifyLoginSignature(pair.blob, await signer!.sign(data), data)).toBe(true);
  });
});
