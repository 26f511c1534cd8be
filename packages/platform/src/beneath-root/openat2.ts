import { type Ffi, ffi, systemError } from '../ffi.ts';
import type { DirectoryHandle, FileName, SymlinkRule } from './contract.ts';
import { descriptorWalkResolver } from './descriptor-walk.ts';
import { showPath } from './file-name.ts';
import {
  canReachDescriptors,
  heldDirectory,
  heldEnd,
  O_DIRECTORY,
  O_PATH,
  openHeldRoot,
} from './held-descriptor.ts';
import { escapeRefused, type PathResolver } from './path-resolver.ts';

const SYS_openat2 = 437; // the same on every architecture
const AT_FDCWD = -100;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const OPEN_HOW_BYTES = 24;

const EAGAIN = 11;
const EXDEV = 18;
const ENAMETOOLONG = 36;
const ELOOP = 40;

/**
 * The kernel says EAGAIN when something anywhere was renamed while it stepped through a `..`; more than this in a row
 * and the walk takes over, which needs no quiet moment.
 */
const MAX_ATTEMPTS = 64;

/** Resolution by openat2(2), Linux 5.6 and later; undefined where kernel, seccomp filter or FFI do not have it. */
export function openat2Resolver(): PathResolver | undefined {
  const native = ffi();
  if (!native || !canReachDescriptors()) return undefined;
  const openat2 = bindOpenat2(native);
  const close = native.process.func('int close(int)') as (fd: number) => void;
  const probe = openat2(AT_FDCWD, Buffer.from('/\0'), openHow(O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS));
  if (probe < 0) return undefined;
  close(probe);

  const directoryHow = openHowByRule(O_PATH | O_DIRECTORY);
  const endHow = openHowByRule(O_PATH);

  /** undefined: this path is for the walk. */
  function open(from: DirectoryHandle, components: readonly FileName[], how: Buffer): number | undefined {
    const path = relativePath(components);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const result = openat2(from.fd, path, how);
      if (result >= 0) return result;
      const errno = -result;
      if (errno === EXDEV || errno === ELOOP) throw escapeRefused(components);
      // The path may be over PATH_MAX while each name is not; the walk sees which.
      if (errno === ENAMETOOLONG) return undefined;
      if (errno !== EAGAIN) throw systemError(errno, 'openat2', showPath(components));
    }
    return undefined;
  }

  return {
    guarantee: 'kernel',
    openRoot: openHeldRoot,
    openDirectory(from, components, symlinks) {
      const fd = open(from, components, directoryHow[symlinks]);
      return fd === undefined
        ? descriptorWalkResolver.openDirectory(from, components, symlinks)
        : heldDirectory(fd, close);
    },
    openEnd(from, components, symlinks) {
      const fd = open(from, components, endHow[symlinks]);
      return fd === undefined
        ? descriptorWalkResolver.openEnd(from, components, symlinks)
        : heldEnd(fd, close);
    },
  };
}

/** The call returns a descriptor or a negative errno. */
function bindOpenat2({ koffi, process }: Ffi): (directory: number, path: Buffer, how: Buffer) => number {
  const syscall = process.func('long syscall(long, int, void *, void *, size_t)');
  return (directory, path, how) => {
    const fd = syscall(SYS_openat2, directory, path, how, OPEN_HOW_BYTES) as number;
    return fd >= 0 ? fd : -koffi.errno();
  };
}

function openHowByRule(flags: number): Record<SymlinkRule, Buffer> {
  return {
    beneath: openHow(flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS),
    refuse: openHow(flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS),
    system: openHow(flags, RESOLVE_NO_MAGICLINKS),
  };
}

/** `struct open_how { u64 flags, mode, resolve }`, in the byte order of the machine. */
function openHow(flags: number, resolve: bigint): Buffer {
  return Buffer.from(new BigUint64Array([BigInt(flags | O_CLOEXEC), 0n, resolve]).buffer);
}

function relativePath(components: readonly FileName[]): Buffer {
  if (components.length === 0) return Buffer.from('.\0');
  if (components.every((name) => typeof name === 'string')) return Buffer.from(`${components.join('/')}\0`);
  const parts = components.flatMap((name, index) => [
    Buffer.from(index === 0 ? '' : '/'),
    typeof name === 'string' ? Buffer.from(name) : name,
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1)]);
}
