import { constants } from 'node:fs';
import { access, lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseUnlessOwn } from '@jetstream/auth';
import { fileError } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

/** What may set something off. A trigger is the file of that name. */
export type TriggerEvent =
  | 'launch'
  | 'send.destinationCreated'
  | 'send.destinationDeleted'
  | 'send.transferComplete'
  | 'send.transferError'
  | 'recv.transferComplete'
  | 'recv.transferError';

/**
 * The trigger for an event. It is run with the rights of this process, so nobody else may have a say in what it is.
 * @returns its path; undefined when there is none
 * @throws JetStreamError `permission-denied` when the directory or the file belongs to somebody else than this user or root, or others
 *   may write to it, or the file may not be executed; `special-file`
 */
export async function findTrigger(directory: string, event: TriggerEvent): Promise<string | undefined> {
  const path = join(directory, event);
  try {
    const file = await lstat(path);
    const ownUid = process.getuid?.() ?? 0;
    refuseUnlessOwn(directory, await stat(directory), ownUid);
    if (!file.isFile()) {
      throw new JetStreamError('special-file', `${path} is not a regular file`, { subject: path });
    }
    refuseUnlessOwn(path, file, ownUid);
    await access(path, constants.X_OK);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}
