import { constants as fsConstants } from 'node:fs';
import { constants } from 'node:os';
import type { DirectoryHandle } from './beneath-root/contract.ts';
import { type Ffi, ffi, systemError } from './ffi.ts';
import { NativeMemory } from './native-memory.ts';
import { type NativeNames, nativeNames } from './native-names.ts';

/** By number, because not every C library has the function. */
const SYS_getdents64: Readonly<Record<string, number>> = { x64: 217, arm64: 61 };
/** Some hundreds of names at a time. */
const BUFFER_BYTES = 32_768;
/** Of `struct linux_dirent64`: inode, offset, length of the record (16 bits), type (8 bits), name ended by a NUL. */
const LENGTH_AT = 16;
const NAME_AT = 19;
const DOT = 0x2e;
const { EINTR, ENOENT } = constants.errno;

/** Names in a directory, without `.` and `..`; all from the first `next` on, and closed by the last, or `return`. */
type ReadNames = (directory: DirectoryHandle) => IterableIterator<Buffer>;

let bound: { read: ReadNames | undefined } | undefined;

/** By getdents64(2), in a third of the time and without the garbage of `fs.Dir`. undefined where it cannot be called. */
export function nativeDirectoryNames(): ReadNames | undefined {
  bound ??= { read: boundReadNames() };
  return bound.read;
}

function boundReadNames(): ReadNames | undefined {
  const names = nativeNames();
  const native = ffi();
  return names && native && bindReadNames(native, names);
}

function bindReadNames(native: Ffi, names: NativeNames): ReadNames {
  const { koffi, process: libc } = native;
  const syscall = libc.func('long syscall(long, int, uintptr_t, unsigned int)');
  const memory = new NativeMemory(native, BUFFER_BYTES);

  /** The next names, copied, for other directories may be read before they are asked for; none: it was read to its end. */
  function next(fd: number): Buffer[] | undefined {
    const count = syscall(SYS_getdents64[process.arch]!, fd, memory.address, BUFFER_BYTES) as number;
    if (count < 0) {
      const errno = koffi.errno();
      if (errno === EINTR) return [];
      // The directory was removed meanwhile.
      if (errno === ENOENT) return undefined;
      throw systemError(errno, 'getdents64', String(fd));
    }
    if (count === 0) return undefined;
    const records = Buffer.from(memory.bytes.subarray(0, count));
    const found: Buffer[] = [];
    for (let at = 0; at < count; at += records.readUInt16LE(at + LENGTH_AT)) {
      const begin = at + NAME_AT;
      const end = records.indexOf(0, begin);
      const isDots =
        records[begin] === DOT && (end - begin === 1 || (end - begin === 2 && records[begin + 1] === DOT));
      if (!isDots) found.push(records.subarray(begin, end));
    }
    return found;
  }

  return function* read(directory) {
    const fd = names.open(directory.fd, '.', fsConstants.O_RDONLY | fsConstants.O_DIRECTORY, 0);
    try {
      for (let found = next(fd); found !== undefined; found = next(fd)) yield* found;
    } finally {
      names.close(fd);
    }
  };
}
