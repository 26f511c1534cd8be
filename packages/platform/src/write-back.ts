import { constants } from 'node:os';
import { type Ffi, ffi, systemError } from './ffi.ts';

type WriteBack = (fd: number) => void;

/** `linux/fs.h`: wait for what is being written, then start to write what has changed. */
const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
const SYNC_FILE_RANGE_WRITE = 2;

let best: WriteBack | undefined;

/**
 * Has the system start writing to the disk what was written to a file, after what the call before started is there, so that no more
 * than the bytes between two calls wait for the disk twice over. It makes nothing durable. By sync_file_range(2); where there is no
 * such call, nothing happens.
 * @throws the system error of Node when something written to the file is lost
 */
export function continueWriteBack(fd: number): void {
  best ??= nativeWriteBack() ?? (() => {});
  best(fd);
}

function nativeWriteBack(): WriteBack | undefined {
  const native = process.platform === 'linux' && /64$/.test(process.arch) ? ffi() : undefined;
  return native && bindSyncFileRange(native);
}

function bindSyncFileRange({ koffi, process: libc }: Ffi): WriteBack | undefined {
  const syncFileRange = libc.func('int sync_file_range(int, int64_t, int64_t, unsigned int)');
  const flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE;
  const errnoOf = (fd: number) => (syncFileRange(fd, 0, 0, flags) === 0 ? 0 : koffi.errno());
  // A filter of system calls, as containers have, would answer something else.
  if (errnoOf(-1) !== constants.errno.EBADF) return undefined;
  return (fd) => {
    const errno = errnoOf(fd);
    if (errno !== 0) throw systemError(errno, 'sync_file_range', String(fd));
  };
}
