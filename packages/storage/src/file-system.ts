import type { FileStatus, ScanDirectory, ScanFileSystem } from '@jetstream/manifest';

export type { FileStatus } from '@jetstream/manifest';

/**
 * A tree of files beneath a root, as readers and writers of transfers use it. Synchronous: it runs in a storage worker, whose thread
 * may act as one user. Components are names beneath the root. Every failure is a `JetStreamError` whose message
 * names the path beneath the root.
 */
export interface FileSystem extends ScanFileSystem {
  /** Symlinks are followed as far as the root allows. */
  status(components: readonly string[]): FileStatus;
  /** Symlinks are followed as far as the root allows. */
  openDirectory(components: readonly string[]): Directory;
  /** For reading; a symlink at the end is followed as far as the root allows. Refuses all but regular files. */
  openFile(components: readonly string[]): OpenFile;
  close(): void;
}

/** A directory held open: whoever renames or replaces it meanwhile, what is done here is done in this very directory. */
export interface Directory extends ScanDirectory {
  /** Number of the volume that it is on (`st_dev`). */
  readonly device: number;
  /** Undefined where files must be synced one by one. What was lost before it was opened it does not tell. */
  openVolume(): Volume | undefined;
  /**
   * For reading; refuses symlinks and all but regular files.
   * @param shownAs its name in messages; default `name`
   */
  openFile(name: string, shownAs?: string): OpenFile;
  /**
   * A new file, mode 0600, for writing; `already-exists` when there is anything of that name.
   * @param shownAs its name in messages
   */
  createFile(name: string, shownAs: string): OpenFile;
  /** An existing file for writing on; refuses symlinks and all but regular files. */
  reopenFile(name: string, shownAs: string): OpenFile;
  /** Mode 0777 less the umask. False: something of that name is there already. */
  makeDirectory(name: string): boolean;
  /** Replaces a file or symlink at the new name. */
  rename(oldName: string, newName: string): void;
  /** `already-exists` when there is anything of the new name. */
  renameNoReplace(oldName: string, newName: string): void;
  /** A second name of a file, or of a symlink itself; `already-exists` when there is anything of the new name. */
  link(oldName: string, newName: string): void;
  remove(name: string): void;
  /** Permission bits, with those of setuid, setgid and sticky. */
  setMode(mode: number): void;
  setOwner(uid: number, gid: number): void;
  setModificationTime(seconds: number, nanoseconds: number): void;
  /** Makes new and renamed names durable. */
  sync(): void;
}

/** A tree in which a user moves and removes things, beside what transfers do. */
export interface ManagedFileSystem extends FileSystem {
  openDirectory(components: readonly string[]): ManagedDirectory;
}

export interface ManagedDirectory extends Directory {
  /**
   * The directory of the machine that has a name: another one only at the top of a sandbox of several folders.
   * @throws JetStreamError when the name is that of a folder of the sandbox
   */
  holderOf(name: string): MachineDirectory;
}

/** All of it holds for the very directory, and follows no symlink. */
export interface MachineDirectory extends ManagedDirectory {
  /** `already-exists` when there is anything of the new name. */
  moveTo(name: string, into: MachineDirectory, newName: string): void;
  /**
   * Removes a file or symlink, or a directory with all that is in it, one thing at each step.
   * @param name as the file system has it
   */
  removeTree(name: string): Generator<void>;
  /** Removes an empty directory; `already-exists` when something is in it. */
  removeDirectory(name: string): void;
}

/** A file system of the machine, to be synced as a whole. */
export interface Volume {
  /**
   * Makes durable all that was written to any of its files, and every name made in it.
   * @throws JetStreamError when something written since it was opened is lost, whosever it is; what it was is not known
   */
  sync(): void;
  close(): void;
}

export interface OpenFile {
  status(): FileStatus;
  /** Fills `into` from `position` on. Returns fewer bytes only at the end of the file. */
  read(into: Uint8Array, position: number): number;
  /**
   * Position of the first content from `position` on; Infinity where only a hole follows, or nothing. What is not content reads as zeros.
   * Undefined where the system cannot say.
   */
  nextData(position: number): number | undefined;
  /** Position of the first hole from `position` on: the end of the file counts as one, and all behind it. Undefined as above. */
  nextHole(position: number): number | undefined;
  /** Writes all of it. */
  write(bytes: Uint8Array, position: number): void;
  setModificationTime(seconds: number, nanoseconds: number): void;
  /** Permission bits, with those of setuid, setgid and sticky. */
  setMode(mode: number): void;
  /** May take the setuid and setgid bits away: set the mode after it. */
  setOwner(uid: number, gid: number): void;
  /** Makes it so long: cut off, or with zeros at its end. */
  truncate(byteLength: number): void;
  /** Makes a part of it zeros, which take no room where the file system can have it so. Makes it no longer. */
  punchHole(position: number, byteLength: number): void;
  /** Begins to bring to the disk what was written, when what the call before began is there: so `sync` has less to wait for. May do nothing. */
  continueWriteBack(): void;
  /** Part of it will not be read soon: what of it is on the disk need not stay in memory. May do nothing. */
  dropFromCache(position: number, byteLength: number): void;
  /** Makes content, length, time and mode durable (fsync). */
  sync(): void;
  close(): void;
}
