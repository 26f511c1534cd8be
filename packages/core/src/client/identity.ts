import { configDirectory, loadOrCreateIdentity } from '@jetstream/auth';

/** The client's own public key as a line for `authorized_keys`; the identity is made if there is none yet. */
export async function clientIdentityLine(directory: string = configDirectory()): Promise<string> {
  const { publicKeyLine } = await loadOrCreateIdentity(directory);
  return publicKeyLine;
}
