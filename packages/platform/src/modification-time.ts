import { futimesSync, utimesSync } from 'node:fs';
import { type Ffi, ffi, systemError } from './ffi.ts';

type SetTime = (target: number | string, seconds: number, nanoseconds: number) => void;

/** `struct timespec times[2]` of 64-bit Linux: access time, modification time. */
const TIMES_BYTES = 32;
const UTIME_OMIT = 0x3ffffffen;
const AT_FDCWD = -100;

let best: SetTime | undefined;

/**
 * Sets when a file or directory was last modified, by utimensat(2) to the nanosecond; where there is only Node's own call, to the
 * microsecond. A time that the file system cannot hold becomes the nearest one that it can.
 * @param target open descriptor (not `O_PATH`), or a path, whose symlinks are followed
 * @param nanoseconds 0…999,999,999, counted upwards also before 1970
 * @throws the system error of Node
 */
export function setModificationTime(target: number | string, seconds: number, nanoseconds: number): void {
  best ??= nativeSetTime() ?? portableSetModificationTime;
  best(target, seconds, nanoseconds);
}

/** The way without native functions. */
export function portableSetModificationTime(
  target: number | string,
  seconds: number,
  nanoseconds: number,
): void {
  // Half a microsecond more, because Node rounds down. As text, because Node takes a negative number for "now".
  const mtime = String(seconds + (Math.floor(nanoseconds / 1000) + 0.5) / 1e6);
  if (typeof target === 'number') futimesSync(target, new Date(), mtime);
  else utimesSync(target, new Date(), mtime);
}

function nativeSetTime(): SetTime | undefined {
  const native = process.platform === 'linux' && /64$/.test(process.arch) ? ffi() : undefined;
  return native && bindUtimensat(native);
}

function bindUtimensat({ koffi, process: libc }: Ffi): SetTime {
  const futimens = libc.func('int futimens(int, void *)');
  const utimensat = libc.func('int utimensat(int, const char *, void *, int)');
  const memory = Buffer.alloc(TIMES_BYTES * 4).subarray(0, TIMES_BYTES);
  const times = new BigInt64Array(memory.buffer, memory.byteOffset, TIMES_BYTES / 8);
  times[1] = UTIME_OMIT;
  return (target, seconds, nanoseconds) => {
    times[2] = BigInt(seconds);
    times[3] = BigInt(nanoseconds);
    const result =
      typeof target === 'number' ? futimens(target, memory) : utimensat(AT_FDCWD, target, memory, 0);
    if (result !== 0) throw systemError(koffi.errno(), 'utimensat', String(target));
  };
}
