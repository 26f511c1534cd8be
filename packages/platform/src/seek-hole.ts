import { constants } from 'node:os';
import { ffi, systemError } from './ffi.ts';

/** Where the content and the holes of files begin: lseek(2) with SEEK_DATA and SEEK_HOLE. undefined: the file system refuses to say. */
export interface HoleSeeker {
  /**
   * Position of the first content from `position` on; Infinity where only a hole follows, or nothing.
   * @throws the system error of Node
   */
  nextData(fd: number, position: number): number | undefined;
  /**
   * Position of the first hole from `position` on; the end of a file counts as one, and so does all behind it.
   * @throws the system error of Node
   */
  nextHole(fd: number, position: number): number | undefined;
}

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const { EBADF, EINVAL, ENOSYS, ENXIO, EOPNOTSUPP } = constants.errno;
const NOT_THERE = new Set([EINVAL, ENOSYS, EOPNOTSUPP]);

let bound: { seeker: HoleSeeker | undefined } | undefined;

/** undefined where the system cannot say. A file system that knows no holes says that all is content. */
export function holeSeeker(): HoleSeeker | undefined {
  bound ??= { seeker: nativeHoleSeeker() };
  return bound.seeker;
}

function nativeHoleSeeker(): HoleSeeker | undefined {
  const native = process.platform === 'linux' && /64$/.test(process.arch) ? ffi() : undefined;
  if (native === undefined) return undefined;
  const lseek = native.process.func('int64_t lseek(int, int64_t, int)') as (
    fd: number,
    position: number,
    whence: number,
  ) => number;
  const { koffi } = native;
  // Whoever emulates the kernel may not know these.
  if (lseek(-1, 0, SEEK_HOLE) >= 0 || koffi.errno() !== EBADF) return undefined;

  function seek(fd: number, position: number, whence: number, atEnd: number): number | undefined {
    const found = lseek(fd, position, whence);
    if (found >= 0) return found;
    const errno = koffi.errno();
    if (errno === ENXIO) return atEnd;
    if (NOT_THERE.has(errno)) return undefined;
    throw systemError(errno, 'lseek', String(fd));
  }

  return {
    nextData: (fd, position) => seek(fd, position, SEEK_DATA, Number.POSITIVE_INFINITY),
    nextHole: (fd, position) => seek(fd, position, SEEK_HOLE, position),
  };
}
