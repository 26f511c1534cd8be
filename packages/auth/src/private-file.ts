import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fileError, refuseOpenToOthers } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

/** Far more than any key file has. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

/**
 * Reads a file that holds a private key.
 * @throws JetStreamError `permission-denied` when anybody but its owner has rights on it, or we have none; `not-found`;
 *   `special-file`; `limit-exceeded` above 64 KiB
 */
export function readPrivateFile(file: string): Buffer {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: to open a FIFO must not wait for a writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { mode, size, isFile } = statOf(descriptor);
    if (!isFile) throw new JetStreamError('special-file', `${file} is not a regular file`, { subject: file });
    refuseOpenToOthers(file, mode, 'private key');
    if (size > MAX_KEY_FILE_BYTES) {
      throw new JetStreamError('limit-exceeded', `${file} is too large for a key`, { subject: file });
    }
    return readFileSync(descriptor);
  } catch (error) {
    throw fileError(error, file);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function statOf(descriptor: number): { mode: number; size: number; isFile: boolean } {
  const stats = fstatSync(descriptor);
  return { mode: stats.mode, size: stats.size, isFile: stats.isFile() };
}

/**
 * Creates a file of mode 0600 that appears whole and durable or not at all; missing directories are made with mode 0700.
 * @returns false when a file of that name was there, which then stays as it is
 * @throws JetStreamError of the file operation that failed
 */
export function createPrivateFile(file: string, content: Uint8Array | string): boolean {
  try {
    const temporary = writeTemporary(file, content);
    try {
      return linkUnlessThere(temporary, file);
    } finally {
      unlinkSync(temporary);
      syncDirectory(dirname(file));
    }
  } catch (error) {
    throw fileError(error, file);
  }
}

/**
 * The same, in the place of a file that may be there.
 * @throws JetStreamError of the file operation that failed
 */
export function replacePrivateFile(file: string, content: Uint8Array | string): void {
  try {
    const temporary = writeTemporary(file, content);
    try {
      renameSync(temporary, file);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
    syncDirectory(dirname(file));
  } catch (error) {
    throw fileError(error, file);
  }
}

/** @returns its path: a durable file beside `file` */
function writeTemporary(file: string, content: Uint8Array | string): string {
  const temporary = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** A link, unlike a rename, never replaces: of two processes that create the same key one wins and both use that key. */
function linkUnlessThere(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
  // A file system without hard links.
  try {
    copyFileSync(temporary, file, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
