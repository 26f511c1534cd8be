/** What a name stands for, as lstat(2) or stat(2) tell it. */
export interface FileStatus {
  kind: 'file' | 'directory' | 'symlink' | 'special';
  /** Bytes. */
  size: number;
  mtimeSeconds: number;
  /** 0…999,999,999 */
  mtimeNanoseconds: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  device: number;
  inode: number;
  /** Names that stand for it. */
  links: number;
}

/**
 * What the scanner asks of a file system; package `storage` has the real one. Synchronous: it runs in a worker thread. Every failure
 * is a `JetStreamError` that names the path.
 */
export interface ScanFileSystem {
  /** Status of what the path leads to; symlinks are followed as far as the root allows. */
  status(components: readonly string[]): FileStatus;
  openDirectory(components: readonly string[]): ScanDirectory;
}

/** A directory held open, until closed. */
export interface ScanDirectory {
  /** Names as the file system has them, a few at a time, without `.` and `..`. */
  names(): Iterator<Uint8Array>;
  /** Of the name itself, symlinks not followed; undefined when there is nothing (any more). */
  status(name: string): FileStatus | undefined;
  close(): void;
}
