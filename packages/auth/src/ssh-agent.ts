import type { Duplex } from 'node:stream';
import { JetStreamError } from '@jetstream/protocol';
import type ssh2 from 'ssh2';
import { ed25519KeyOf } from './login-signature.ts';
import type { Signer } from './ssh-keys.ts';

const ANSWER_TIMEOUT_MS = 3_000;

/**
 * The Ed25519 keys of an SSH agent (draft-ietf-sshm-ssh-agent); keys of other types are left out.
 * @param agentSocket path of its socket, as in `$SSH_AUTH_SOCK`
 * @param timeoutMs for each answer of the agent; default 3,000
 * @throws JetStreamError `login-refused` when the agent does not answer as an agent does, in time
 */
export async function agentSigners(agentSocket: string, timeoutMs = ANSWER_TIMEOUT_MS): Promise<Signer[]> {
  const keys = await ask<ssh2.ParsedKey[]>(agentSocket, timeoutMs, (agent, done) =>
    // The types know of other kinds of keys, which only agents of one's own making give.
    agent.getIdentities((error, keys) => done(error, keys as ssh2.ParsedKey[] | undefined)),
  );
  return keys
    .filter((key) => ed25519KeyOf(key.getPublicSSH()) !== undefined)
    .map((key) => ({
      publicKeyBlob: key.getPublicSSH(),
      comment: key.comment,
      sign: (data) =>
        ask<Buffer>(agentSocket, timeoutMs, (agent, done) => agent.sign(key, Buffer.from(data), {}, done)),
    }));
}

type Done<T> = (error?: Error | null, answer?: T) => void;

/** One question on a connection of its own, which is closed in any case. */
async function ask<T>(
  agentSocket: string,
  timeoutMs: number,
  question: (agent: ssh2.OpenSSHAgent, done: Done<T>) => void,
): Promise<T> {
  const agent = await closableAgent(agentSocket);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      question(agent, (error, answer) => {
        if (answer === undefined) reject(error ?? new Error('an empty answer'));
        else resolve(answer);
      });
    });
  } catch (error) {
    throw new JetStreamError(
      'login-refused',
      `the SSH agent at ${agentSocket} does not help: ${(error as Error).message}`,
      { subject: agentSocket, cause: error },
    );
  } finally {
    clearTimeout(timer);
    agent.close();
  }
}

interface ClosableAgent extends ssh2.OpenSSHAgent {
  close(): void;
}

/** ssh2's agent keeps its connection to itself and waits for an answer for ever. */
async function closableAgent(agentSocket: string): Promise<ClosableAgent> {
  const { default: agent } = await import('ssh2/lib/agent.js');
  class Closable extends agent.OpenSSHAgent implements ClosableAgent {
    #stream: Duplex | undefined;
    #closed = false;

    override getStream(callback: ssh2.GetStreamCallback): void {
      super.getStream((error, stream) => {
        this.#stream = stream;
        if (this.#closed) stream?.destroy();
        callback(error, stream);
      });
    }

    close(): void {
      this.#closed = true;
      this.#stream?.destroy();
    }
  }
  return new Closable(agentSocket);
}
