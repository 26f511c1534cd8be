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
const KIND_MASK = 0o170000;
const KINDS: Record<number, FileStatus['kind']> = { 16807: 'file', 9604: 'directory', 21609: 'symlink' };

function fileStatus(stats: BigIntStats): FileStatus {
  const mode = Number(stats.mode);
  // Before 1970, too, seconds round down and nanoseconds count upwards.
  const nanoseconds = ((stats.mtimeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return {
    kind: KINDS[mode & KIND_MASK] ?? 'special',
    size: Number(stats.size),
    mtimeSeconds: Number((stats.mtimeNs - nanoseconds) / SECOND_NS),
    mtimeNanoseconds: Number(nanoseconds),
    mode: mode & 0o7777,
    device: Number(stats.dev),
    inode: Number(stats.ino),
  };
}
