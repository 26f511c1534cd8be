import { constants } from 'node:os';
import type { FileName } from './beneath-root/contract.ts';
import { type Ffi, ffi, systemError } from './ffi.ts';
import { type FileStatus, kindOf, safeInteger } from './file-status.ts';
import { NativeMemory } from './native-memory.ts';

/**
 * System calls on names in open directories: a half to a third of the time that they take by way of `/proc/self/fd`. Names are
 * checked by the caller. All throw the system error of Node.
 */
export interface NativeNames {
  /**
   * statx(2), a symlink not followed; undefined when there is nothing.
   * @param name empty: of the descriptor itself
   */
  status(fd: number, name: FileName): FileStatus | undefined;
  /** openat(2), not inherited by other programs. The descriptor is closed by `close` alone, for Node does not know it. */
  open(fd: number, name: FileName, flags: number, mode: number): number;
  /** close(2); the descriptor is gone also when it fails. */
  close(fd: number): void;
  /** renameat(2) */
  rename(fromFd: number, oldName: FileName, toFd: number, newName: FileName): void;
  /** renameat2(2) with RENAME_NOREPLACE. False: kernel or file system do not have it, and nothing was done. */
  renameNoReplace(fromFd: number, oldName: FileName, toFd: number, newName: FileName): boolean;
}

/** By number, because not every C library has the function. */
const SYS_renameat2: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };
const RENAME_NOREPLACE = 1;

/** Numbers of Linux, and the byte offsets of `struct statx`: the same on x64 and arm64. */
const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const STATX_BYTES = 256;
const STX = {
  links: 16,
  uid: 20,
  gid: 24,
  mode: 28,
  inode: 32,
  size: 40,
  mtime: 112,
  deviceMajor: 136,
  deviceMinor: 140,
} as const;

/** The kernel's limit of a path, with the NUL at its end. */
const MAX_NAME_BYTES = 4096;
const HIGH_WORD = 2 ** 32;
const { EINTR, EINVAL, ENAMETOOLONG, ENOENT, ENOSYS, EPERM } = constants.errno;
/** EPERM: a filter of system calls, as containers have, says so of what it does not know. */
const NO_RENAMEAT2 = new Set([EINVAL, ENOSYS, EPERM]);

let bound: { names: NativeNames | undefined } | undefined;

/** undefined where these cannot be called. */
export function nativeNames(): NativeNames | undefined {
  bound ??= { names: boundNames() };
  return bound.names;
}

function boundNames(): NativeNames | undefined {
  const native = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) ? ffi() : undefined;
  try {
    const names = native && bindNames(native);
    // The C library may be too old to have it, or a filter of system calls, as containers have, refuse it.
    names?.status(AT_FDCWD, '/');
    return names;
  } catch {
    return undefined;
  }
}

function bindNames(native: Ffi): NativeNames {
  const { koffi, process: libc } = native;
  const statx = libc.func('int statx(int, uintptr_t, int, uint32_t, uintptr_t)');
  const openat = libc.func('int openat(int, uintptr_t, int, uint32_t)');
  const close = libc.func('int close(int)');
  const renameat = libc.func('int renameat(int, uintptr_t, int, uintptr_t)');
  const syscall = libc.func('long syscall(long, int, uintptr_t, int, uintptr_t, unsigned int)');
  const renameat2 = SYS_renameat2[process.arch]!;
  const memory = new NativeMemory(native, STATX_BYTES + 2 * MAX_NAME_BYTES);
  const names = Buffer.from(memory.bytes.buffer, STATX_BYTES);
  const view = new DataView(memory.bytes.buffer);
  const uint64 = (at: number) => view.getUint32(at, true) + view.getUint32(at + 4, true) * HIGH_WORD;

  /** The address of the name's bytes, ended by a NUL. */
  function put(name: FileName, at: 0 | typeof MAX_NAME_BYTES): number {
    const byteLength = typeof name === 'string' ? Buffer.byteLength(name) : name.length;
    if (byteLength >= MAX_NAME_BYTES) throw systemError(ENAMETOOLONG, 'open', name.toString());
    if (typeof name === 'string') names.write(name, at);
    else names.set(name, at);
    names[at + byteLength] = 0;
    return memory.address + STATX_BYTES + at;
  }

  return {
    status(fd, name) {
      const flags = AT_SYMLINK_NOFOLLOW | (name.length === 0 ? AT_EMPTY_PATH : 0);
      if (statx(fd, put(name, 0), flags, STATX_BASIC_STATS, memory.address) !== 0) {
        const errno = koffi.errno();
        if (errno === ENOENT && name.length > 0) return undefined;
        throw systemError(errno, 'statx', name.toString());
      }
      const mode = view.getUint16(STX.mode, true);
      return {
        kind: kindOf(mode),
        size: uint64(STX.size),
        mtimeSeconds: safeInteger(
          view.getUint32(STX.mtime, true) + view.getInt32(STX.mtime + 4, true) * HIGH_WORD,
        ),
        mtimeNanoseconds: view.getUint32(STX.mtime + 8, true),
        mode: mode & 0o7777,
        uid: view.getUint32(STX.uid, true),
        gid: view.getUint32(STX.gid, true),
        // Not as `st_dev` has it: compare it with its like only.
        device: view.getUint32(STX.deviceMajor, true) * HIGH_WORD + view.getUint32(STX.deviceMinor, true),
        inode: uint64(STX.inode),
        links: view.getUint32(STX.links, true),
      };
    },
    open(fd, name, flags, mode) {
      const address = put(name, 0);
      for (;;) {
        const opened = openat(fd, address, flags | O_CLOEXEC, mode) as number;
        if (opened >= 0) return opened;
        const errno = koffi.errno();
        if (errno !== EINTR) throw systemError(errno, 'open', name.toString());
      }
    },
    close(fd) {
      if (close(fd) === 0) return;
      const errno = koffi.errno();
      if (errno !== EINTR) throw systemError(errno, 'close', String(fd));
    },
    rename(fromFd, oldName, toFd, newName) {
      if (renameat(fromFd, put(oldName, 0), toFd, put(newName, MAX_NAME_BYTES)) !== 0) {
        throw systemError(koffi.errno(), 'rename', oldName.toString());
      }
    },
    renameNoReplace(fromFd, oldName, toFd, newName) {
      const [from, to] = [put(oldName, 0), put(newName, MAX_NAME_BYTES)];
      if (syscall(renameat2, fromFd, from, toFd, to, RENAME_NOREPLACE) === 0) return true;
      const errno = koffi.errno();
      if (NO_RENAMEAT2.has(errno)) return false;
      throw systemError(errno, 'rename', newName.toString());
    },
  };
}
