import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

/** PAM's files of a test: the name of a service to the modules of its `auth` and `account`, without `.so`. */
export function pamServices(services: Record<string, { auth: string; account?: string }>): string {
  const directory = temporaryDirectory();
  for (const [name, { auth, account = 'pam_permit.so' }] of Object.entries(services))
    writeFileSync(join(directory, name), `auth required ${auth}\naccount required ${account}\n`);
  return directory;
}
