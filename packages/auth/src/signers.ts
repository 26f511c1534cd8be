import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { JetStreamError } from '@jetstream/protocol';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { loadOrCreateIdentity } from './client-identity.ts';
import { agentSigners } from './ssh-agent.ts';
import { loadPrivateKey, type Signer } from './ssh-keys.ts';

/** LG-3. */
const MAX_OFFERED_KEYS = 8;

export interface SignerOptions {
  /** Offer this key and no other. */
  identityFile?: string;
  configDirectory: string;
  /** Default `$SSH_AUTH_SOCK`; empty for none. */
  agentSocket?: string;
  /** Where `.ssh` is; default the user's home directory. */
  homeDirectory?: string;
}

/**
 * The keys to offer in a login, at most 8 (LG-3), best first: the client's own identity (made when there is none), the
 * agent's, `~/.ssh/id_ed25519`. With `identityFile` only that one, signed for by the agent when the file itself cannot be
 * used and `FILE.pub` names a key of the agent.
 * @throws JetStreamError why the key named cannot be used, or why there is none at all
 */
export async function collectSigners(options: SignerOptions): Promise<Signer[]> {
  const agentSocket = options.agentSocket ?? process.env.SSH_AUTH_SOCK ?? '';
  if (options.identityFile !== undefined) {
    return [await namedSigner(options.identityFile.replace(/\.pub$/, ''), agentSocket)];
  }

  const found: Signer[] = [];
  let reason: unknown;
  const offer = (signers: Signer[]) => {
    for (const signer of signers) {
      if (!found.some((other) => sameKey(other.publicKeyBlob, signer.publicKeyBlob))) found.push(signer);
    }
  };
  try {
    offer([await loadOrCreateIdentity(options.configDirectory)]);
  } catch (error) {
    // A read-only home is no reason to ignore the other keys.
    reason = error;
  }
  offer(await agentSignersIfAny(agentSocket));
  try {
    offer([await loadPrivateKey(join(options.homeDirectory ?? homedir(), '.ssh', 'id_ed25519'))]);
  } catch {
    // Nobody named this file: missing, encrypted or open to others, it is just not offered.
  }
  if (found.length === 0) throw reason;
  return found.slice(0, MAX_OFFERED_KEYS);
}

async function namedSigner(identityFile: string, agentSocket: string): Promise<Signer> {
  try {
    return await loadPrivateKey(identityFile);
  } catch (error) {
    if (!(error instanceof JetStreamError) || !['not-found', 'login-refused'].includes(error.code))
      throw error;
    const wanted = publicKeyIn(`${identityFile}.pub`);
    const signers = wanted === undefined ? [] : await agentSignersIfAny(agentSocket);
    const signer = signers.find((candidate) => sameKey(candidate.publicKeyBlob, wanted!));
    if (signer === undefined) throw error;
    return signer;
  }
}

function publicKeyIn(file: string): Uint8Array | undefined {
  try {
    return parseAuthorizedKeys(readFileSync(file, 'utf8'))[0]?.publicKeyBlob;
  } catch {
    return undefined;
  }
}

async function agentSignersIfAny(agentSocket: string): Promise<Signer[]> {
  if (agentSocket === '') return [];
  try {
    return await agentSigners(agentSocket);
  } catch {
    // `$SSH_AUTH_SOCK` often outlives its agent.
    return [];
  }
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}
