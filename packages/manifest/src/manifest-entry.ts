import type { FileStatus } from './scan-file-system.ts';

/** One file or directory of a manifest, as the wire and both ends know it (PROTOCOL.md §4.2). */
export interface ManifestEntry {
  kind: 'file' | 'directory';
  /** "/"-separated, as the sender gives it: the receiver's path rule decides where it goes. */
  targetPath: string;
  /** Bytes; 0 for a directory. */
  size: number;
  mtimeSeconds: number;
  /** 0…999,999,999 */
  mtimeNanoseconds: number;
  executable: boolean;
  /** Of the source, modulo 2^53; 0 for a directory. Tells whether a source is still the same file. */
  sourceInode: number;
  /** Only in a transfer that preserves them. */
  permissions?: Permissions | undefined;
}

/** Who may do what with a file, as its source has it. */
export interface Permissions {
  /** 0…0o7777 */
  mode: number;
  uid: number;
  gid: number;
  /** Names of owner and group at the source; empty when they have none there. */
  user: string;
  group: string;
}

/**
 * The entry of a file or directory.
 * @param permissionsOf left out: it has none
 */
export function manifestEntry(
  status: FileStatus,
  targetPath: string,
  permissionsOf?: (status: FileStatus) => Permissions,
): ManifestEntry {
  const isFile = status.kind === 'file';
  const entry: ManifestEntry = {
    kind: isFile ? 'file' : 'directory',
    targetPath,
    size: isFile ? status.size : 0,
    mtimeSeconds: status.mtimeSeconds,
    mtimeNanoseconds: status.mtimeNanoseconds,
    executable: isFile && (status.mode & 0o100) !== 0,
    sourceInode: isFile ? status.inode % 2 ** 53 : 0,
  };
  if (permissionsOf !== undefined) entry.permissions = permissionsOf(status);
  return entry;
}
