import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import { nativeDirectoryNames } from '../native-directory-names.ts';
import { nativeNames } from '../native-names.ts';
import { statusOfName } from '../stat.ts';
import { bestEffortResolver } from './best-effort.ts';
import type { DirectoryHandle, DirectoryOperations, FileHandle, FileName, SymlinkRule } from './contract.ts';
import { descriptorWalkResolver } from './descriptor-walk.ts';
import { checkFileName, childPath, showPath } from './file-name.ts';
import { canReachDescriptors } from './held-descriptor.ts';
import { openat2Resolver } from './openat2.ts';
import type { PathResolver } from './path-resolver.ts';

const DEFAULT_FILE_MODE = 0o600;
/** Names fetched from the kernel at a time. */
const NAMES_READ_AT_ONCE = 256;
/** How often a missing directory is made anew that somebody else removes meanwhile. */
const MAX_CREATE_RACES = 16;

let best: DirectoryOperations | undefined;

/** The strongest implementation that works on this machine; the same one every time. */
export function directoryOperations(): DirectoryOperations {
  best ??= operationsBy(
    openat2Resolver() ?? (canReachDescriptors() ? descriptorWalkResolver : bestEffortResolver),
  );
  return best;
}

/**
 * The operations by one way of resolving paths. All that is done to a name in a directory goes through the handle's
 * location: the directory itself, wherever it is by now.
 */
export function operationsBy(resolver: PathResolver): DirectoryOperations {
  function openDirectoryBeneath(
    directory: DirectoryHandle,
    components: readonly FileName[],
    { symlinks, create }: { symlinks: SymlinkRule; create?: number },
  ): DirectoryHandle {
    components.forEach(checkFileName);
    try {
      return resolver.openDirectory(directory, components, symlinks);
    } catch (error) {
      if (create === undefined || !hasCode(error, 'ENOENT')) throw error;
    }
    return createDirectories(directory, components, symlinks, create);
  }

  /** Every prefix is resolved from the root again, so that a symlink on the way may still use all of it. */
  function createDirectories(
    root: DirectoryHandle,
    components: readonly FileName[],
    symlinks: SymlinkRule,
    mode: number,
  ): DirectoryHandle {
    let parent = resolver.openDirectory(root, [], symlinks);
    for (let depth = 1; depth <= components.length; depth++) {
      try {
        const child = openOrCreate(root, parent, components.slice(0, depth), symlinks, mode);
        parent.close();
        parent = child;
      } catch (error) {
        parent.close();
        throw error;
      }
    }
    return parent;
  }

  function openOrCreate(
    root: DirectoryHandle,
    parent: DirectoryHandle,
    path: readonly FileName[],
    symlinks: SymlinkRule,
    mode: number,
  ): DirectoryHandle {
    for (let attempt = 1; ; attempt++) {
      try {
        return resolver.openDirectory(root, path, symlinks);
      } catch (error) {
        if (!hasCode(error, 'ENOENT') || attempt > MAX_CREATE_RACES) throw error;
      }
      try {
        mkdirSync(childPath(parent.location, path.at(-1)!), { mode });
      } catch (error) {
        // Somebody else made it; or a dangling symlink stands there, which is then the error.
        if (!hasCode(error, 'EEXIST') || attempt === MAX_CREATE_RACES) throw error;
      }
    }
  }

  const linkAt: DirectoryOperations['linkAt'] = (from, oldName, to, newName) =>
    linkSync(at(from, oldName), at(to, newName));

  return {
    guarantee: resolver.guarantee,
    openRoot: resolver.openRoot,
    openDirectoryBeneath,

    openFileBeneath(directory, components, flags, { symlinks }) {
      components.forEach(checkFileName);
      const end = resolver.openEnd(directory, components, symlinks);
      try {
        refuseUnlessRegular(end.stats, components);
        return nodeFileHandle(end.open(flags));
      } finally {
        end.close();
      }
    },

    statBeneath(directory, components, { symlinks }) {
      components.forEach(checkFileName);
      const end = resolver.openEnd(directory, components, symlinks);
      end.close();
      return end.stats;
    },

    openFileAt(directory, name, flags, mode = DEFAULT_FILE_MODE) {
      const safely = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
      const native = nativeNames();
      if (native === undefined) return nodeFileHandle(openSync(at(directory, name), flags | safely, mode));
      checkFileName(name);
      const fd = native.open(directory.fd, name, flags | safely, mode);
      return { fd, close: () => native.close(fd) };
    },
    statusAt(directory, name) {
      checkFileName(name);
      return statusOfName(directory, name);
    },
    mkdirAt: (directory, name, mode) => mkdirSync(at(directory, name), { mode }),
    renameAt(from, oldName, to, newName) {
      const native = nativeNames();
      if (native === undefined) return renameSync(at(from, oldName), at(to, newName));
      checkFileName(oldName);
      checkFileName(newName);
      native.rename(from.fd, oldName, to.fd, newName);
    },
    renameNoReplaceAt(from, oldName, to, newName) {
      checkFileName(oldName);
      checkFileName(newName);
      if (nativeNames()?.renameNoReplace(from.fd, oldName, to.fd, newName)) return;
      linkAt(from, oldName, to, newName);
      unlinkSync(at(from, oldName));
    },
    linkAt,
    unlinkAt: (directory, name) => unlinkSync(at(directory, name)),
    rmdirAt: (directory, name) => rmdirSync(at(directory, name)),
    readlinkAt: (directory, name) => readlinkSync(at(directory, name), { encoding: 'buffer' }),
    readNamesAt: nativeDirectoryNames() ?? readNamesAt,
    syncDirectory,
  };
}

function nodeFileHandle(fd: number): FileHandle {
  return { fd, close: () => closeSync(fd) };
}

function at(directory: DirectoryHandle, name: FileName): FileName {
  checkFileName(name);
  return childPath(directory.location, name);
}

function refuseUnlessRegular(stats: Stats, components: readonly FileName[]): void {
  if (stats.isFile()) return;
  const subject = showPath(components);
  const shown = JSON.stringify(subject);
  if (stats.isDirectory()) throw new JetStreamError('is-a-directory', `${shown} is a directory`, { subject });
  throw new JetStreamError(
    'special-file',
    `${shown} is a device, FIFO or socket; only files are transferred`,
    {
      subject,
    },
  );
}

function* readNamesAt(directory: DirectoryHandle): IterableIterator<Buffer> {
  const stream = opendirSync(`${directory.location}/.`, {
    // Node takes 'buffer' here; its types do not know.
    encoding: 'buffer' as BufferEncoding,
    bufferSize: NAMES_READ_AT_ONCE,
  });
  try {
    for (let entry = stream.readSync(); entry; entry = stream.readSync()) {
      yield entry.name as unknown as Buffer;
    }
  } finally {
    stream.closeSync();
  }
}

function syncDirectory(directory: DirectoryHandle): void {
  if (process.platform === 'win32') return;
  const fd = openSync(`${directory.location}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}
