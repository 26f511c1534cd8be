import { JetStreamError } from '@jetstream/protocol';

const OTHERS_MAY_ANYTHING = 0o077;

/**
 * Holds a file with a secret to ssh's rule for private keys.
 * @param secret what the file holds, as in "the private key"
 * @throws JetStreamError `permission-denied` when anybody but its owner has rights on it
 */
export function refuseOpenToOthers(file: string, mode: number, secret: string): void {
  if (process.platform === 'win32' || (mode & OTHERS_MAY_ANYTHING) === 0) return;
  throw new JetStreamError(
    'permission-denied',
    `the ${secret} ${file} is open to others than its owner (mode ${(mode & 0o777).toString(8)}): run 'chmod 600 ${file}', or replace the ${secret} if somebody may have read it`,
    { subject: file },
  );
}
