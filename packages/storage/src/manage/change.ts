import { displayPath } from '@jetstream/manifest';
import { JetStreamError } from '@jetstream/protocol';
import { operationFailed } from '../errno.ts';
import type { MachineDirectory, ManagedDirectory, ManagedFileSystem } from '../file-system.ts';
import { type Entry, entryOf, parentAndName } from './entry.ts';

/** Makes a directory and those above it; one that is there already is as good. All are durable then. */
export function* makeDirectories(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
): Generator<void, Entry> {
  for (let depth = 1; depth <= path.length; depth++) {
    const at = path.slice(0, depth);
    if (!isMissing(fileSystem, at)) continue;
    withParent(fileSystem, at, (parent, name) => {
      parent.makeDirectory(name);
      parent.sync();
    });
    yield;
  }
  // Also says so when a file stands there.
  fileSystem.openDirectory(path).close();
  return entryOf(path.at(-1) ?? '', fileSystem.status(path));
}

/** Makes a file that was not there. It is durable then. @throws JetStreamError `already-exists` */
export function* makeFile(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  content: Uint8Array,
  umask: number = process.umask(),
): Generator<void, Entry> {
  return withParent(fileSystem, path, (parent, name) => {
    const file = parent.createFile(name, name);
    try {
      file.write(content, 0);
      file.setMode(0o666 & ~umask);
      file.sync();
      parent.sync();
      return entryOf(name, file.status());
    } catch (error) {
      parent.remove(name);
      throw error;
    } finally {
      file.close();
    }
  });
}

/**
 * Renames a file, directory or symlink, also into another directory.
 * @throws JetStreamError `already-exists`; `path-refused` from one file system to another, or for a directory into itself
 */
export function* move(
  fileSystem: ManagedFileSystem,
  from: readonly string[],
  to: readonly string[],
): Generator<void, Entry> {
  if (to.length > from.length && from.every((name, depth) => name === to[depth])) {
    const subject = `/${to.join('/')}`;
    throw new JetStreamError('path-refused', `${displayPath(to)}: lies in what is to be moved`, { subject });
  }
  return withParent(fileSystem, from, (fromParent, name) => {
    requireName(fromParent, from, name);
    return withParent(fileSystem, to, (toParent, newName) => {
      fromParent.holderOf(name).moveTo(name, toParent.holderOf(newName), newName);
      toParent.sync();
      fromParent.sync();
      return entryOf(newName, requireName(toParent, to, newName));
    });
  });
}

/** Removes a file or symlink, or a directory: an empty one, or one with all that is in it. */
export function* remove(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  recursive: boolean,
): Generator<void, null> {
  const { parent: way, name } = parentAndName(path);
  const parent = fileSystem.openDirectory(way);
  try {
    const holder = parent.holderOf(name);
    const { kind } = requireName(parent, path, name);
    if (kind !== 'directory') holder.remove(name);
    else if (recursive) yield* holder.removeTree(name);
    else removeEmpty(holder, path, name);
    parent.sync();
    return null;
  } finally {
    parent.close();
  }
}

function removeEmpty(holder: MachineDirectory, path: readonly string[], name: string): void {
  try {
    holder.removeDirectory(name);
  } catch (error) {
    if (!(error instanceof JetStreamError) || error.code !== 'already-exists') throw error;
    const text = `${displayPath(path)}: the directory is not empty; "recursive" removes it with all that is in it`;
    throw new JetStreamError('conflict', text, { subject: `/${path.join('/')}`, cause: error });
  }
}

function withParent<T>(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  use: (parent: ManagedDirectory, name: string) => T,
): T {
  const { parent, name } = parentAndName(path);
  const directory = fileSystem.openDirectory(parent);
  try {
    return use(directory, name);
  } finally {
    directory.close();
  }
}

function requireName(directory: ManagedDirectory, path: readonly string[], name: string) {
  const status = directory.status(name);
  if (status !== undefined) return status;
  throw operationFailed(Object.assign(new Error(), { code: 'ENOENT' }), 'looking at it', path);
}

function isMissing(fileSystem: ManagedFileSystem, path: readonly string[]): boolean {
  try {
    fileSystem.status(path);
    return false;
  } catch (error) {
    if (error instanceof JetStreamError && error.code === 'not-found') return true;
    throw error;
  }
}
