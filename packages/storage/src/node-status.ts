import { type BigIntStats, fstatSync, lstatSync } from 'node:fs';
import type { FileStatus } from './file-system.ts';

export function statusOfDescriptor(fd: number): FileStatus {
  return fileStatus(fstatSync(fd, { bigint: true }));
}

/** Of the name itself, a symlink not followed; undefined when there is nothing. */
export function statusOfName(path: string): FileStatus | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && fileStatus(stats);
}

const SECOND_NS = 1_000_000_000n;

function fileStatus(stats: BigIntStats): FileStatus {
  // Before 1970, too, seconds round down and nanoseconds count upwards.
  const nanoseconds = ((stats.mtimeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mtimeSeconds: safeInteger((stats.mtimeNs - nanoseconds) / SECOND_NS),
    mtimeNanoseconds: Number(nanoseconds),
    mode: Number(stats.mode) & 0o7777,
    device: Number(stats.dev),
    inode: Number(stats.ino),
  };
}

function kindOf(stats: BigIntStats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'special';
}

/** Some file systems can hold a time that no message can. */
function safeInteger(value: bigint): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(value), Number.MAX_SAFE_INTEGER));
}
