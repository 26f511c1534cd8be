import { constants } from 'node:os';
import { type Ffi, ffi, systemError } from './ffi.ts';

type Punch = (fd: number, position: number, byteLength: number) => boolean;

/** `linux/falloc.h` */
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const { ENOSYS, EOPNOTSUPP, EPERM } = constants.errno;
/** EPERM: a filter of system calls, as containers have, says so of what it does not know. */
const NOT_THERE = new Set([ENOSYS, EOPNOTSUPP, EPERM]);

let best: Punch | undefined;

/**
 * Makes a part of a file zeros that take no room on the disk, by fallocate(2). The file becomes no longer.
 * @param byteLength above 0
 * @returns false where system or file system have no such call: nothing was done
 * @throws the system error of Node
 */
export function punchHole(fd: number, position: number, byteLength: number): boolean {
  best ??= nativePunch() ?? (() => false);
  return best(fd, position, byteLength);
}

function nativePunch(): Punch | undefined {
  const native = process.platform === 'linux' && /64$/.test(process.arch) ? ffi() : undefined;
  return native && bindFallocate(native);
}

function bindFallocate({ koffi, process: libc }: Ffi): Punch {
  const fallocate = libc.func('int fallocate(int, int, int64_t, int64_t)');
  return (fd, position, byteLength) => {
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, position, byteLength) === 0) return true;
    const errno = koffi.errno();
    if (NOT_THERE.has(errno)) return false;
    throw systemError(errno, 'fallocate', String(fd));
  };
}
