import { asFileFailure } from '../errno.ts';
import type { ManagedFileSystem } from '../file-system.ts';
import { type Entry, entryOf, lookAt } from './entry.ts';

export interface Listing {
  /** false: `entries` is the one file. */
  isDirectory: boolean;
  /** By name, in the order of UTF-16 code units. */
  entries: Entry[];
  /** There are more, after the last one. */
  truncated: boolean;
}

/**
 * What is in a directory; of a file, the file itself. However large the directory is, no more than twice `limit` names are kept.
 * @param after a name: only those after it
 */
export function* listDirectory(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  limit: number,
  after = '',
): Generator<void, Listing> {
  const status = fileSystem.status(path);
  if (status.kind !== 'directory')
    return { isDirectory: false, entries: [entryOf(path.at(-1) ?? '', status)], truncated: false };
  const directory = fileSystem.openDirectory(path);
  try {
    const kept: { name: string; bytes: Uint8Array }[] = [];
    let dropped = false;
    const cut = () => {
      kept.sort((one, other) => (one.name < other.name ? -1 : 1));
      dropped ||= kept.length > limit;
      kept.length = Math.min(kept.length, limit);
    };
    const names = directory.names();
    for (let next = names.next(); !next.done; next = names.next()) {
      // A name that is no UTF-8 has its place among the others by what it would be shown as.
      const name = Buffer.from(next.value).toString();
      if (name > after) kept.push({ name, bytes: Uint8Array.from(next.value) });
      if (kept.length >= 2 * limit) cut();
      yield;
    }
    cut();
    const entries: Entry[] = [];
    for (const { bytes } of kept) {
      const entry = lookAt(fileSystem, path, directory, bytes);
      if (entry !== undefined) entries.push(entry);
      yield;
    }
    return { isDirectory: true, entries, truncated: dropped };
  } finally {
    directory.close();
  }
}

export interface DiskUse {
  /** Bytes of content: a file with several names counts at each of them, a hole as if it were content. */
  bytes: number;
  files: number;
  directories: number;
  /** Names and directories that could not be looked at. */
  unreadable: number;
}

/**
 * Adds up a file, or all files beneath a directory. Symlinks beneath it count as nothing, as do partial files of ours.
 * @throws JetStreamError when the path itself cannot be looked at
 */
export function* diskUse(fileSystem: ManagedFileSystem, path: readonly string[]): Generator<void, DiskUse> {
  const use: DiskUse = { bytes: 0, files: 0, directories: 0, unreadable: 0 };
  const { kind, size } = fileSystem.status(path);
  if (kind !== 'directory') return kind === 'file' ? { ...use, bytes: size, files: 1 } : use;
  const pending: (readonly string[])[] = [path];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    try {
      yield* addDirectory(fileSystem, at, use, pending);
    } catch (error) {
      if (at === path) throw error;
      asFileFailure(error);
      use.unreadable++;
    }
  }
  return use;
}

function* addDirectory(
  fileSystem: ManagedFileSystem,
  path: readonly string[],
  use: DiskUse,
  pending: (readonly string[])[],
): Generator<void> {
  const directory = fileSystem.openDirectory(path);
  try {
    use.directories++;
    const names = directory.names();
    for (let next = names.next(); !next.done; next = names.next()) {
      const entry = lookAt(fileSystem, path, directory, next.value);
      if (entry === undefined) continue;
      if (entry.errorCode !== null && !entry.isSymlink) use.unreadable++;
      else if (entry.isSymlink) continue;
      else if (entry.type === 'directory') pending.push([...path, entry.name]);
      else if (entry.type === 'file') {
        use.files++;
        use.bytes += entry.size;
      }
      yield;
    }
  } finally {
    directory.close();
  }
}
