import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Reads a file that decides who gets in, after the check of sshd's StrictModes: the file and each directory above it, up to
 * and including `topDirectory`, must belong to `ownerUid` or root and be writable by nobody else. A file that a symbolic link
 * leads to outside of `topDirectory` is checked up to the root.
 * @throws JetStreamError `permission-denied` when the check fails; `not-found`; `special-file`; `limit-exceeded` above
 *   `maxBytes`
 */
export async function readStrictly(
  file: string,
  { ownerUid, topDirectory, maxBytes }: { ownerUid: number; topDirectory: string; maxBytes: number },
): Promise<string> {
  try {
    const [path, top] = await Promise.all([realpath(file), realpath(topDirectory)]);
    for (let directory = dirname(path); ; directory = dirname(directory)) {
      refuseUnlessOwn(directory, await stat(directory), ownerUid);
      if (directory === top || directory === dirname(directory)) break;
    }
    // O_NONBLOCK: to open a FIFO must not wait for a writer. O_NOFOLLOW: the path is resolved already.
    await using handle = await open(
      path,
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY,
    );
    const stats = await handle.stat();
    if (!stats.isFile())
      throw new JetStreamError('special-file', `${path} is not a regular file`, { subject: path });
    refuseUnlessOwn(path, stats, ownerUid);
    const content = Buffer.alloc(Math.min(stats.size, maxBytes) + 1);
    const { bytesRead } = await handle.read(content, 0, content.length, 0);
    if (bytesRead > maxBytes) {
      throw new JetStreamError('limit-exceeded', `${path} has more than ${maxBytes} bytes`, {
        subject: path,
      });
    }
    return content.toString('utf8', 0, bytesRead);
  } catch (error) {
    throw fileError(error, file);
  }
}

/**
 * Of a file, or one directory.
 * @throws JetStreamError `permission-denied` unless it belongs to `ownerUid` or root and is writable by nobody else
 */
export function refuseUnlessOwn(
  path: string,
  { uid, mode }: { uid: number; mode: number },
  ownerUid: number,
): void {
  if (process.platform === 'win32') return;
  if (uid !== ownerUid && uid !== 0) {
    throw new JetStreamError('permission-denied', `${path} belongs to somebody else (uid ${uid})`, {
      subject: path,
    });
  }
  if ((mode & OTHERS_MAY_WRITE) !== 0) {
    throw new JetStreamError(
      'permission-denied',
      `${path} is writable by others than its owner: run 'chmod go-w ${path}'`,
      { subject: path },
    );
  }
}
