import type { BigIntStats } from 'node:fs';

/** What a transfer wants to know of a file. */
export interface FileStatus {
  kind: 'file' | 'directory' | 'symlink' | 'special';
  /** Bytes. */
  size: number;
  mtimeSeconds: number;
  /** 0…999,999,999, counted upwards also before 1970. */
  mtimeNanoseconds: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  device: number;
  inode: number;
  /** Names that stand for it. */
  links: number;
}

const SECOND_NS = 1_000_000_000n;

export function fileStatus(stats: BigIntStats): FileStatus {
  const nanoseconds = ((stats.mtimeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return {
    kind: kindOf(Number(stats.mode)),
    size: Number(stats.size),
    mtimeSeconds: safeInteger(Number((stats.mtimeNs - nanoseconds) / SECOND_NS)),
    mtimeNanoseconds: Number(nanoseconds),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    device: Number(stats.dev),
    inode: Number(stats.ino),
    links: Number(stats.nlink),
  };
}

/** Of `st_mode`. */
export function kindOf(mode: number): FileStatus['kind'] {
  return KINDS.get(mode & 0o170000) ?? 'special';
}

const KINDS: ReadonlyMap<number, FileStatus['kind']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
]);

/** Some file systems can hold a time that no message can. */
export function safeInteger(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
}
