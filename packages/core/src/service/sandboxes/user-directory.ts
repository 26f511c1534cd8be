import { chownSync, mkdirSync } from 'node:fs';
import type { SandboxMount } from '@jetstream/manifest';
import { type Account, currentUser, fileError } from '@jetstream/platform';

/**
 * Makes the directory of a sandbox that is the user's own (`/storage/%u`), which the user could not make in a directory of
 * root. Everything below it is made by the user's own worker: as root we follow nothing that a user may have put there.
 * @throws JetStreamError when it can neither be found nor made
 */
export function prepareUserDirectory({ root = '/', fixedComponents }: SandboxMount, account: Account): void {
  const { uid, gid } = account;
  const components = root.split('/').filter((component) => component !== '');
  if (fixedComponents >= components.length || uid === currentUser().uid) return;
  const directory = `/${components.slice(0, fixedComponents + 1).join('/')}`;
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw fileError(error, directory);
  }
  chownSync(directory, uid, gid);
}
