import { closeSync, fstatSync, openSync } from 'node:fs';
import type { FileName } from './contract.ts';
import { childPath } from './file-name.ts';
import {
  descriptorPath,
  heldDirectory,
  heldEnd,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  openHeldRoot,
} from './held-descriptor.ts';
import type { PathResolver } from './path-resolver.ts';
import { type Foothold, type Footing, Walk } from './walk.ts';

/** Resolution without openat2, each directory on the way held open. Needs Linux's /proc and no native function. */
export const descriptorWalkResolver: PathResolver = {
  guarantee: 'walk',
  openRoot: openHeldRoot,
  openDirectory(from, components, symlinks) {
    return heldDirectory(new Walk(descriptors, from.location, components, symlinks).run(true).fd);
  },
  openEnd(from, components, symlinks) {
    return heldEnd(new Walk(descriptors, from.location, components, symlinks).run(false).fd);
  },
};

interface HeldFoothold extends Foothold {
  readonly fd: number;
}

const descriptors: Footing<HeldFoothold> = {
  directory: (path) => held(openSync(path, O_PATH | O_DIRECTORY)),
  child: (from, name) => held(openUnfollowed(childPath(from.location, name))),
};

function held(fd: number): HeldFoothold {
  return { fd, location: descriptorPath(fd), stats: fstatSync(fd), close: () => closeSync(fd) };
}

/** Tried as a directory first: only so is a file system mounted there that waits for its first use. */
function openUnfollowed(path: FileName): number {
  try {
    return openSync(path, O_PATH | O_NOFOLLOW | O_DIRECTORY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
    return openSync(path, O_PATH | O_NOFOLLOW);
  }
}
