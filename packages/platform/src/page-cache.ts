import { ffi } from './ffi.ts';

const POSIX_FADV_DONTNEED = 4;

type Drop = (fd: number, from: number, byteLength: number) => void;

let best: Drop | undefined;

/**
 * Lets the system use the memory in which it keeps a part of a file for something else, by posix_fadvise(2): what of it is on the disk
 * is read from there when it is wanted again. Only advice; where there is no such call, nothing happens.
 */
export function dropFromPageCache(fd: number, from: number, byteLength: number): void {
  best ??= nativeDrop() ?? (() => {});
  best(fd, from, byteLength);
}

function nativeDrop(): Drop | undefined {
  const native = process.platform === 'linux' && /64$/.test(process.arch) ? ffi() : undefined;
  const fadvise = native?.process.func('int posix_fadvise(int, int64_t, int64_t, int)');
  return fadvise && ((fd, from, byteLength) => fadvise(fd, from, byteLength, POSIX_FADV_DONTNEED));
}
