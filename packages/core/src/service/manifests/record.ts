import type { ErrorCode } from '@jetstream/protocol';

/** Something in a source that cannot be sent; every transfer of the manifest tells it as a failed file. */
export interface ManifestProblem {
  /** Path at the source, escaped. */
  source: string;
  code: ErrorCode;
  message: string;
}

/** A manifest as it is stored, without its files: plain data. */
export interface ManifestRecord {
  manifestId: string;
  owner: string;
  ownerToken: string | null;
  ownerTokenSession: string | null;
  /** µs since the Unix epoch. */
  requestTime: number;
  status: 'pending' | 'complete' | 'error';
  /** Why it is 'error'. */
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  /** What was asked for; sources are absolute paths beneath the owner's root. */
  fileMappings: { source: string; target: string }[];
  symlinkMode: 'follow' | 'ignore';
  /** Of a complete one; null before. Bytes. */
  totalFiles: number | null;
  totalDirectories: number | null;
  totalSize: number | null;
  problems: ManifestProblem[];
  userData: Record<string, string>;
}

/** A file or directory of a manifest, as its scan saw it; what is sent is what stands there then. */
export interface ManifestFile {
  srcPath: string;
  destPath: string;
  /** Bytes; 0 for a directory. */
  fileSize: number;
  /** It is a directory, which is made at the receiver whether anything is in it or not. */
  isEmptyDir: boolean;
  executable: boolean;
  /** µs since the Unix epoch. */
  modificationTime: number;
}
