import type { DirectoryHandle, DirectoryOperations, FileName } from '@jetstream/platform';

/**
 * Removes a name and all that is beneath it. No symlink is followed on the way, whoever puts one there meanwhile: each directory is opened from
 * the one that is held, by names alone. One directory is open at a time, however deep the tree is.
 * @param holder the directory that has the name
 * @throws the system error of Node, or JetStreamError; what was removed by then is gone
 */
export function* removeTree(
  operations: DirectoryOperations,
  holder: DirectoryHandle,
  name: FileName,
): Generator<void> {
  const way: FileName[] = [name];
  if (operations.statusAt(holder, name)?.kind !== 'directory') {
    operations.unlinkAt(holder, name);
    return;
  }
  while (way.length > 0) {
    const below = yield* emptyDirectory(operations, holder, way);
    if (below !== undefined) {
      way.push(below);
      continue;
    }
    const own = way.pop()!;
    const parent = openWay(operations, holder, way);
    try {
      operations.rmdirAt(parent, own);
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      // Names came while it was read, or were passed over because others went.
      way.push(own);
    } finally {
      parent.close();
    }
    yield;
  }
}

/** Removes what is in a directory, up to the first directory. @returns its name; undefined: the directory is empty */
function* emptyDirectory(
  operations: DirectoryOperations,
  holder: DirectoryHandle,
  way: readonly FileName[],
): Generator<void, FileName | undefined> {
  const directory = openWay(operations, holder, way);
  const names = operations.readNamesAt(directory);
  try {
    for (const name of names) {
      const status = operations.statusAt(directory, name);
      if (status?.kind === 'directory') return name;
      if (status !== undefined) operations.unlinkAt(directory, name);
      yield;
    }
    return undefined;
  } finally {
    names.return?.();
    directory.close();
  }
}

function openWay(
  operations: DirectoryOperations,
  holder: DirectoryHandle,
  way: readonly FileName[],
): DirectoryHandle {
  return operations.openDirectoryBeneath(holder, way, { symlinks: 'refuse' });
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException | undefined)?.code));
}
