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
