import { closeSync, constants as fsConstants, fstatSync, openSync } from 'node:fs';
import type { DirectoryHandle } from './contract.ts';
import type { PathEnd } from './path-resolver.ts';

/**
 * Linux `O_PATH`: holds a place in the file system without opening what is there; needs only search permission on the
 * way to it. Node has no name for it; the value is that of all architectures Node runs on.
 */
export const O_PATH = 0o10000000;
export const O_DIRECTORY = fsConstants.O_DIRECTORY;
export const O_NOFOLLOW = fsConstants.O_NOFOLLOW;

/**
 * A directory by its descriptor: /proc leads to the inode itself, whatever has become of its name.
 * @param close by whom the descriptor was opened: Node warns in a worker when it closes one that it did not open
 */
export function heldDirectory(fd: number, close: (fd: number) => void = closeSync): DirectoryHandle {
  return { fd, location: descriptorPath(fd), close: () => close(fd) };
}

export function heldEnd(fd: number, close: (fd: number) => void = closeSync): PathEnd {
  return {
    stats: fstatSync(fd),
    open: (flags) => openSync(descriptorPath(fd), flags),
    close: () => close(fd),
  };
}

export function openHeldRoot(path: string): DirectoryHandle {
  return heldDirectory(openSync(path, O_PATH | O_DIRECTORY));
}

export function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Is /proc there and does it show descriptors of this process. */
export function canReachDescriptors(): boolean {
  if (process.platform !== 'linux') return false;
  let root: DirectoryHandle | undefined;
  try {
    root = openHeldRoot('/');
    const reached = openSync(`${root.location}/.`, O_PATH | O_DIRECTORY);
    try {
      const [a, b] = [fstatSync(root.fd), fstatSync(reached)];
      return a.ino === b.ino && a.dev === b.dev;
    } finally {
      closeSync(reached);
    }
  } catch {
    return false;
  } finally {
    root?.close();
  }
}
