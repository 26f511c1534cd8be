import { chmodSync, chownSync, constants } from 'node:fs';
import {
  type DirectoryHandle,
  type DirectoryOperations,
  openFileSystemSync,
  setModificationTime,
  statusOfDescriptor,
} from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { operationFailed } from './errno.ts';
import type { FileStatus, MachineDirectory, OpenFile, Volume } from './file-system.ts';
import { NodeFile } from './node-file.ts';
import { removeTree } from './remove-tree.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;

export class NodeDirectory implements MachineDirectory {
  readonly #operations: DirectoryOperations;
  readonly #handle: DirectoryHandle;
  readonly #components: readonly string[];
  #device: number | undefined;

  /** @param components that lead here from the root, for messages */
  constructor(operations: DirectoryOperations, handle: DirectoryHandle, components: readonly string[]) {
    this.#operations = operations;
    this.#handle = handle;
    this.#components = components;
  }

  get device(): number {
    this.#device ??= statusOfDescriptor(this.#handle.fd).device;
    return this.#device;
  }

  openVolume(): Volume | undefined {
    return this.#attempt('opening its file system', undefined, () => {
      try {
        const volume = openFileSystemSync(this.#handle);
        const sync = () => this.#attempt('making its file system durable', undefined, () => volume?.sync());
        return volume && { sync, close: () => volume.close() };
      } catch (error) {
        // A directory may be written without being read.
        if (errnoOf(error) === 'EACCES') return undefined;
        throw error;
      }
    });
  }

  *names(): Iterator<Uint8Array> {
    try {
      yield* this.#operations.readNamesAt(this.#handle);
    } catch (error) {
      throw operationFailed(error, 'reading the directory', this.#components);
    }
  }

  status(name: string): FileStatus | undefined {
    return this.#attempt('looking at it', name, () => this.#operations.statusAt(this.#handle, name));
  }

  openFile(name: string, shownAs = name): OpenFile {
    return this.#openRegular(name, O_RDONLY, shownAs);
  }

  createFile(name: string, shownAs: string): OpenFile {
    return this.#attempt('creating it', shownAs, () => {
      const file = this.#operations.openFileAt(this.#handle, name, O_WRONLY | O_CREAT | O_EXCL, 0o600);
      return new NodeFile(file, this.#components, shownAs);
    });
  }

  reopenFile(name: string, shownAs: string): OpenFile {
    return this.#openRegular(name, O_WRONLY, shownAs);
  }

  makeDirectory(name: string): boolean {
    return this.#attempt('making it', name, () => {
      try {
        this.#operations.mkdirAt(this.#handle, name, 0o777);
        return true;
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') return false;
        throw error;
      }
    });
  }

  rename(oldName: string, newName: string): void {
    this.#attempt('giving it its name', newName, () =>
      this.#operations.renameAt(this.#handle, oldName, this.#handle, newName),
    );
  }

  renameNoReplace(oldName: string, newName: string): void {
    this.#attempt('giving it its name', newName, () =>
      this.#operations.renameNoReplaceAt(this.#handle, oldName, this.#handle, newName),
    );
  }

  link(oldName: string, newName: string): void {
    this.#attempt('giving it a second name', newName, () =>
      this.#operations.linkAt(this.#handle, oldName, this.#handle, newName),
    );
  }

  remove(name: string): void {
    this.#attempt('removing it', name, () => this.#operations.unlinkAt(this.#handle, name));
  }

  holderOf(): MachineDirectory {
    return this;
  }

  moveTo(name: string, into: NodeDirectory, newName: string): void {
    into.#attempt('giving it its name', newName, () => {
      const { renameAt, renameNoReplaceAt, statusAt } = this.#operations;
      const isDirectory = statusAt(this.#handle, name)?.kind === 'directory';
      // Where the system cannot refuse to replace, a second name would do for a file; a directory can replace no more than an empty one.
      const rename =
        isDirectory && statusAt(into.#handle, newName) === undefined ? renameAt : renameNoReplaceAt;
      try {
        rename(this.#handle, name, into.#handle, newName);
      } catch (error) {
        if (errnoOf(error) !== 'EXDEV') throw error;
        throw new JetStreamError('path-refused', 'it is on another file system; copy it there and remove it');
      }
    });
  }

  *removeTree(name: string): Generator<void> {
    try {
      yield* removeTree(this.#operations, this.#handle, name);
    } catch (error) {
      throw operationFailed(error, 'removing it', [...this.#components, name]);
    }
  }

  removeDirectory(name: string): void {
    this.#attempt('removing it', name, () => this.#operations.rmdirAt(this.#handle, name));
  }

  setMode(mode: number): void {
    this.#attempt('setting its mode', undefined, () => chmodSync(`${this.#handle.location}/.`, mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#attempt('setting its owner', undefined, () => chownSync(`${this.#handle.location}/.`, uid, gid));
  }

  setModificationTime(seconds: number, nanoseconds: number): void {
    this.#attempt('setting its time', undefined, () =>
      setModificationTime(`${this.#handle.location}/.`, seconds, nanoseconds),
    );
  }

  sync(): void {
    this.#attempt('making the directory durable', undefined, () => {
      try {
        this.#operations.syncDirectory(this.#handle);
      } catch (error) {
        if (!CANNOT_SYNC.has(errnoOf(error))) throw error;
      }
    });
  }

  close(): void {
    this.#handle.close();
  }

  #openRegular(name: string, flags: number, shownAs: string): OpenFile {
    return this.#attempt('opening it', shownAs, () => {
      const file = this.#operations.openFileAt(this.#handle, name, flags);
      const { kind } = statusOfDescriptor(file.fd);
      if (kind === 'file') return new NodeFile(file, this.#components, shownAs);
      file.close();
      throw new JetStreamError(
        kind === 'directory' ? 'is-a-directory' : 'special-file',
        'not a regular file',
      );
    });
  }

  #attempt<T>(doing: string, name: string | undefined, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw operationFailed(
        error,
        doing,
        name === undefined ? this.#components : [...this.#components, name],
      );
    }
  }
}

/**
 * File systems without a sync of directories (EINVAL, ENOTSUP), and directories that may be written but not read (EACCES): there
 * the name is as durable as the system makes it.
 */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EACCES']);

function errnoOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code);
}
