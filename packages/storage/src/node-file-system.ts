import { constants, mkdirSync } from 'node:fs';
import {
  type DirectoryHandle,
  type DirectoryOperations,
  directoryOperations,
  type SymlinkRule,
  statusOfDescriptor,
} from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { operationFailed } from './errno.ts';
import type { FileStatus, ManagedFileSystem, OpenFile } from './file-system.ts';
import { NodeDirectory } from './node-directory.ts';
import { NodeFile } from './node-file.ts';

export interface StorageOptions {
  /**
   * Expanded sandbox directory: nothing outside is ever reached; symlinks that lead out are refused. Made, mode 0700, where
   * it is missing. Default: the system's root, with symlinks followed as the system does.
   */
  sandboxRoot?: string | undefined;
  /**
   * Leading components of the sandbox root that may be symlinks and must not be made by anybody but the administrator; the ones
   * after them are never followed as symlinks. Default: all.
   */
  fixedComponents?: number | undefined;
}

/**
 * Opens the tree of files of this machine, or a part of it.
 * @throws JetStreamError when the sandbox directory cannot be opened or made
 */
export function openStorage(options: StorageOptions = {}): ManagedFileSystem {
  const { sandboxRoot } = options;
  const operations = directoryOperations();
  try {
    if (sandboxRoot === undefined) return new NodeFileSystem(operations, operations.openRoot('/'), 'system');
    return new NodeFileSystem(
      operations,
      openSandbox(operations, sandboxRoot, options.fixedComponents),
      'beneath',
    );
  } catch (error) {
    throw operationFailed(
      error,
      'opening the root directory',
      (sandboxRoot ?? '').split('/').filter(Boolean),
    );
  }
}

function openSandbox(operations: DirectoryOperations, root: string, fixed?: number): DirectoryHandle {
  const components = root.split('/').filter(Boolean);
  const trusted = `/${components.slice(0, fixed).join('/')}`;
  mkdirSync(trusted, { recursive: true, mode: 0o700 });
  const handle = operations.openRoot(trusted);
  if (fixed === undefined || fixed >= components.length) return handle;
  return closing(handle, () =>
    operations.openDirectoryBeneath(handle, components.slice(fixed), { symlinks: 'refuse', create: 0o700 }),
  );
}

class NodeFileSystem implements ManagedFileSystem {
  readonly #operations: DirectoryOperations;
  readonly #root: DirectoryHandle;
  readonly #rule: { symlinks: SymlinkRule };

  constructor(operations: DirectoryOperations, root: DirectoryHandle, symlinks: SymlinkRule) {
    this.#operations = operations;
    this.#root = root;
    this.#rule = { symlinks };
  }

  status(components: readonly string[]): FileStatus {
    try {
      const stats = this.#operations.statBeneath(this.#root, components, this.#rule);
      // These have no nanoseconds, so what may be opened is.
      if (stats.isFile()) return closing(this.openFile(components), (file) => file.status());
      if (stats.isDirectory()) return closing(this.#open(components), ({ fd }) => statusOfDescriptor(fd));
      throw new JetStreamError('special-file', 'neither file nor directory');
    } catch (error) {
      throw operationFailed(error, 'looking at it', components);
    }
  }

  openDirectory(components: readonly string[]): NodeDirectory {
    try {
      return new NodeDirectory(this.#operations, this.#open(components), components);
    } catch (error) {
      throw operationFailed(error, 'opening the directory', components);
    }
  }

  openFile(components: readonly string[]): OpenFile {
    try {
      const flags = constants.O_RDONLY;
      return new NodeFile(
        this.#operations.openFileBeneath(this.#root, components, flags, this.#rule),
        components,
      );
    } catch (error) {
      throw operationFailed(error, 'opening it', components);
    }
  }

  close(): void {
    this.#root.close();
  }

  #open(components: readonly string[]): DirectoryHandle {
    return this.#operations.openDirectoryBeneath(this.#root, components, this.#rule);
  }
}

function closing<T extends { close(): void }, R>(resource: T, use: (resource: T) => R): R {
  try {
    return use(resource);
  } finally {
    resource.close();
  }
}
