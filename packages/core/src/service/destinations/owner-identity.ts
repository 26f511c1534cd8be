import { join } from 'node:path';
import { configDirectory, parsePrivateKey, readPrivateFile, type Signer } from '@jetstream/auth';
import type { Account } from '@jetstream/platform';
import { asJetStreamError } from '../../content/failure.ts';
import type { StorageWorkers } from '../../storage/storage-workers.ts';
import { accountNamed, actsAs } from '../account.ts';

/** The key that `jscp` of that account logs in with, or why there is none to be had. */
export type OwnerIdentity = (
  owner: string,
) => Promise<{ signer: Signer; why?: undefined } | { signer?: undefined; why: string }>;

/** Reads the identity of another account with that account's rights, so that nobody leads the server to a key of somebody else. */
export function ownerIdentity(
  storage: Pick<StorageWorkers, 'take'>,
  accountOf: (name: string) => Account = accountNamed,
): OwnerIdentity {
  return async (owner) => {
    try {
      const account = accountOf(owner);
      const other = actsAs(account);
      const directory =
        other === undefined ? configDirectory() : join(account.homeDirectory, '.config', 'jetstream');
      const file = join(directory, 'identity');
      const content = other === undefined ? readPrivateFile(file) : await readAs(other, file, storage);
      return { signer: await parsePrivateKey(Buffer.from(content), file) };
    } catch (error) {
      return { why: asJetStreamError(error).message };
    }
  };
}

async function readAs(
  account: Account,
  file: string,
  storage: Pick<StorageWorkers, 'take'>,
): Promise<Uint8Array> {
  const worker = storage.take();
  try {
    return await worker.call('readSecret', { actAs: account }, file);
  } finally {
    await worker.close();
  }
}
