import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileError, refuseOpenToOthers } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

/** Far more than any key or token has. */
const MAX_BYTES = 64 * 1024;

/**
 * A secret that its user keeps in a file, or hands over through a pipe.
 * @param secret what the file holds, as in "the private key"
 * @throws JetStreamError `permission-denied` when anybody but its owner has rights on the file, or we have none; `not-found`;
 *   `is-a-directory`; `limit-exceeded` above 64 KiB
 */
export function readSecretFile(file: string, secret: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    // Numbers would stay in a buffer of Node 20's that its loader of modules looks at: once a pipe is in there it resolves no links.
    const stats = fstatSync(descriptor, { bigint: true });
    // The mode of a pipe or a terminal says nothing of who can read what comes out of it.
    if (stats.isFile()) refuseOpenToOthers(file, Number(stats.mode), secret);
    return readAll(descriptor, file, secret);
  } catch (error) {
    throw fileError(error, file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readAll(descriptor: number, file: string, secret: string): string {
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < bytes.length; length += read) {
    read = readSync(descriptor, bytes, length, bytes.length - length, null);
  }
  if (length > MAX_BYTES)
    throw new JetStreamError('limit-exceeded', `${file} is too large for a ${secret}`, { subject: file });
  return bytes.toString('utf8', 0, length);
}
