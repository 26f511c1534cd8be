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
}
