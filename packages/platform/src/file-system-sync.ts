import { closeSync, constants as fsConstants, fsyncSync, openSync, statfsSync } from 'node:fs';
import { constants, release } from 'node:os';
import type { DirectoryHandle } from './beneath-root/contract.ts';
import { type Ffi, ffi, systemError } from './ffi.ts';

/** Makes all that was written to one file system durable at once, by whomever it was written. */
export interface FileSystemSync {
  /**
   * What was written before the call is durable after it.
   * @throws the system error of Node when anything that was written to the file system since this was opened, or since it last
   * threw, is lost; it does not say whose
   */
  sync(): void;
  close(): void;
}

/**
 * File systems (statfs(2)) whose syncfs(2) waits for the disk and reports what it lost. Those of FUSE do not wait, an overlay does not
 * report, and network file systems promise neither: there every file is synced by itself.
 */
const TRUSTED_TYPES = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
]);
/** Before it, syncfs(2) says nothing of lost data. */
const FIRST_KERNEL = [5, 8] as const;

/**
 * Opens the file system that a directory is on for syncing as a whole. Open it before the first byte is written: it does not tell
 * what was lost earlier.
 * @returns undefined where that cannot be trusted, or not be called
 * @throws the system error of Node
 */
export function openFileSystemSync(directory: DirectoryHandle): FileSystemSync | undefined {
  const syncfs = bindSyncfs();
  if (syncfs === undefined) return undefined;
  const path = `${directory.location}/.`;
  if (!TRUSTED_TYPES.has(statfsSync(path).type)) return undefined;
  const fd = openSync(path, fsConstants.O_RDONLY | fsConstants.O_DIRECTORY);
  return {
    sync() {
      syncfs(fd);
      // syncfs(2) flushes the disk's cache before the last blocks of an ext4 without journal, and until Linux 5.17 kept the end of a
      // journal to itself. A sync of one directory flushes again, and fails where the journal has ended.
      fsyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

type Syncfs = (fd: number) => void;

let bound: { syncfs: Syncfs | undefined } | undefined;

function bindSyncfs(): Syncfs | undefined {
  bound ??= { syncfs: reportsLostData() ? nativeSyncfs(ffi()) : undefined };
  return bound.syncfs;
}

function reportsLostData(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return process.platform === 'linux' && (major - FIRST_KERNEL[0] || minor - FIRST_KERNEL[1]) >= 0;
}

function nativeSyncfs(native: Ffi | undefined): Syncfs | undefined {
  if (native === undefined) return undefined;
  const syncfs = native.process.func('int syncfs(int)');
  const errnoOf = (fd: number) => (syncfs(fd) === 0 ? 0 : native.koffi.errno());
  // A filter of system calls, as containers have, would answer something else.
  if (errnoOf(-1) !== constants.errno.EBADF) return undefined;
  return (fd) => {
    const errno = errnoOf(fd);
    if (errno !== 0) throw systemError(errno, 'syncfs', String(fd));
  };
}
