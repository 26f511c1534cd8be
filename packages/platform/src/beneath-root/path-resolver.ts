import type { Stats } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import type { DirectoryHandle, DirectoryOperations, FileName, SymlinkRule } from './contract.ts';
import { showPath } from './file-name.ts';

/** The part in which systems differ: how a path of several components is resolved beneath a directory. */
export interface PathResolver {
  readonly guarantee: DirectoryOperations['guarantee'];
  openRoot(path: string): DirectoryHandle;
  /** Components are checked names. Throws `ENOENT`, `ENOTDIR`… or `path-refused`. */
  openDirectory(
    from: DirectoryHandle,
    components: readonly FileName[],
    symlinks: SymlinkRule,
  ): DirectoryHandle;
  /** What stands at the end of the path, of whatever kind, held without having been opened. */
  openEnd(from: DirectoryHandle, components: readonly FileName[], symlinks: SymlinkRule): PathEnd;
}

export interface PathEnd {
  readonly stats: Stats;
  /** Opens this very file. */
  open(flags: number): number;
  close(): void;
}

export function escapeRefused(components: readonly FileName[], cause?: unknown): JetStreamError {
  const path = showPath(components);
  return new JetStreamError(
    'path-refused',
    `${JSON.stringify(path)} leads outside the root or through a symlink that is not allowed`,
    { subject: path, cause },
  );
}
