import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import type { DirectoryHandle, FileName, SymlinkRule } from './contract.ts';
import { childPath } from './file-name.ts';
import { escapeRefused, type PathResolver } from './path-resolver.ts';
import { type Foothold, type Footing, Walk } from './walk.ts';

/**
 * For systems that give Node no way to name a file relative to an open directory: the walk goes by path. It stops every
 * symlink that stands there; it does not stop somebody who replaces a directory by a symlink between the walk and the
 * use, for which they need write access beneath the root.
 */
export const bestEffortResolver: PathResolver = {
  guarantee: 'best-effort',
  openRoot: (path) => directoryAt(realpathSync(path)),
  openDirectory: (from, components, symlinks) => directoryAt(resolve(from, components, symlinks, true)),
  openEnd(from, components, symlinks) {
    const path = resolve(from, components, symlinks, false);
    const stats = lstatSync(path);
    return { stats, open: (flags) => openSame(path, stats, flags, components), close: () => {} };
  },
};

function directoryAt(path: string): DirectoryHandle {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
  return { fd, location: path, close: () => closeSync(fd) };
}

function resolve(
  from: DirectoryHandle,
  components: readonly FileName[],
  symlinks: SymlinkRule,
  mustBeDirectory: boolean,
): string {
  if (symlinks === 'system') return realpathSync(components.reduce<string>(textPath, from.location));
  return realpathSync(new Walk(paths, from.location, components, symlinks).run(mustBeDirectory).location);
}

const paths: Footing<Foothold> = {
  directory: (path) => ({ location: path, stats: lstatSync(path), close: () => {} }),
  child(from, name) {
    const path = textPath(from.location, name);
    return { location: path, stats: lstatSync(path), close: () => {} };
  },
};

/** Locations are text here: a name that is not UTF-8 is refused rather than taken for another one. */
function textPath(location: string, name: FileName): string {
  const text = name.toString();
  if (typeof name !== 'string' && !Buffer.from(text).equals(name)) {
    throw new JetStreamError('name-invalid', `${JSON.stringify(text)} is not valid UTF-8`, { subject: text });
  }
  return childPath(location, text) as string;
}

/** Opens what `stats` was taken of, or refuses: somebody was quicker. */
function openSame(path: string, stats: Stats, flags: number, components: readonly FileName[]): number {
  const fd = openSync(path, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  const opened = fstatSync(fd);
  if (opened.ino === stats.ino && opened.dev === stats.dev) return fd;
  closeSync(fd);
  throw escapeRefused(components);
}
