import type { Stats } from 'node:fs';
import type { FileStatus } from '../file-status.ts';

/**
 * File operations beneath a root directory that is held open, so that nobody who renames or replaces a parent directory
 * while we work can lead us elsewhere. Everything is synchronous: it runs in storage workers, and a worker that acts as
 * a user must not hand work to the thread pool. Get the best implementation of this machine from `directoryOperations()`.
 *
 * Errors: a path that leads out of the root, or a symlink where none is allowed, is `JetStreamError('path-refused')`;
 * a component that is empty, `.`, `..` or holds `/` or NUL is `JetStreamError('name-invalid')`; everything else is the
 * system error of Node with its `code` (`ENOENT`, `ENOSPC`…), to be named for people by `fileError(error, subject)`.
 */
export interface DirectoryOperations {
  /**
   * `kernel`: the kernel holds each resolution to the root (openat2). `walk`: every component is opened by itself, without
   * following it, relative to the one before; as safe, slower. `best-effort`: no handle-relative operations on this
   * system; links are checked just before use and somebody with write access beneath the root can win a race.
   */
  readonly guarantee: 'kernel' | 'walk' | 'best-effort';

  /** Opens a root directory by a trusted path of the configuration; symlinks in it are followed as the system does. */
  openRoot(path: string): DirectoryHandle;

  /**
   * Opens the directory that `components` lead to from `directory`; no components: a second handle of the same directory.
   * @param options.create mode of directories to make where they are missing (before umask); default: none is made
   */
  openDirectoryBeneath(
    directory: DirectoryHandle,
    components: readonly FileName[],
    options: { symlinks: SymlinkRule; create?: number },
  ): DirectoryHandle;

  /**
   * Opens an existing file by its whole path, a symlink at its end followed by the rule too: for reading sources.
   * Throws `JetStreamError('special-file')` for all but regular files and `('is-a-directory')`; neither is ever opened.
   * @param flags `O_RDONLY`, `O_WRONLY`… without `O_CREAT`
   */
  openFileBeneath(
    directory: DirectoryHandle,
    components: readonly FileName[],
    flags: number,
    options: { symlinks: SymlinkRule },
  ): FileHandle;

  /** As lstat of the link's end: what `openFileBeneath` would meet. Does not open it. */
  statBeneath(
    directory: DirectoryHandle,
    components: readonly FileName[],
    options: { symlinks: SymlinkRule },
  ): Stats;

  /**
   * Opens `name` in `directory`; a symlink there is never followed (`ELOOP`) and a FIFO never blocks
   * (`O_NOFOLLOW | O_NONBLOCK` are added). The caller checks by `fstat` that it got a regular file.
   * @param mode of a file that `O_CREAT` makes (before umask); default 0600
   */
  openFileAt(directory: DirectoryHandle, name: FileName, flags: number, mode?: number): FileHandle;
  /** Of the name itself, a symlink not followed; undefined when there is nothing. */
  statusAt(directory: DirectoryHandle, name: FileName): FileStatus | undefined;
  mkdirAt(directory: DirectoryHandle, name: FileName, mode: number): void;
  /** Replaces a file or symlink at the new name, as rename(2). */
  renameAt(from: DirectoryHandle, oldName: FileName, to: DirectoryHandle, newName: FileName): void;
  /**
   * A rename that never replaces: `EEXIST` when the new name exists. One step by renameat2(2); where kernel or file system do not have
   * that, `linkAt` then `unlinkAt`, so that for a moment, or after a crash, the file has both names.
   */
  renameNoReplaceAt(from: DirectoryHandle, oldName: FileName, to: DirectoryHandle, newName: FileName): void;
  /** Hard link; `EEXIST` when the new name exists. */
  linkAt(from: DirectoryHandle, oldName: FileName, to: DirectoryHandle, newName: FileName): void;
  unlinkAt(directory: DirectoryHandle, name: FileName): void;
  /** Removes an empty directory. */
  rmdirAt(directory: DirectoryHandle, name: FileName): void;
  readlinkAt(directory: DirectoryHandle, name: FileName): Buffer;
  /** Names in the directory as the file system has them, in its order, read a few at a time, without `.` and `..`. */
  readNamesAt(directory: DirectoryHandle): IterableIterator<Buffer>;
  /** Makes renames and new names in the directory durable (fsync of the directory; nothing where the system has no such call). */
  syncDirectory(directory: DirectoryHandle): void;
}

/**
 * What a symlink in a path may do. `beneath`: it is followed while it stays beneath the directory that the resolution
 * starts from; absolute ones are refused, as are the magic links of /proc. `refuse`: none is followed. `system`: followed
 * as the system does, save for magic links.
 */
export type SymlinkRule = 'beneath' | 'refuse' | 'system';

/** One path component. A Buffer is taken byte by byte, for names that are not UTF-8. */
export type FileName = string | Buffer;

/** A directory held open. Close it; it is not closed by garbage collection. */
export interface DirectoryHandle {
  /** Only for `fstat`: on Linux it is an `O_PATH` descriptor. */
  readonly fd: number;
  /** Path under which the system reaches this very directory now, e.g. `/proc/self/fd/12`. Not for messages. */
  readonly location: string;
  close(): void;
}

/** A file held open. It is closed by this alone: Node keeps count of the descriptors that it opened, and only of these. */
export interface FileHandle {
  readonly fd: number;
  /** @throws the system error of Node, for what a file system tells only now; it is closed all the same */
  close(): void;
}
