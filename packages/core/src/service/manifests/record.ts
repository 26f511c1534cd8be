import type { UserData } from '@jetstream/api';
import type { ErrorCode } from '@jetstream/protocol';
import type { Owner } from '../owner.ts';

/** Something in a source that cannot be sent; every transfer of the manifest tells it as a failed file. */
export interface ManifestProblem {
  /** Path at the source, escaped. */
  source: string;
  code: ErrorCode;
  message: string;
}

/** A manifest as it is stored, without its files: plain data. */
export interface ManifestRecord extends Owner {
  manifestId: string;
  /** Directory of the owner's sandbox that the owner was confined to by a token; null: all of it. */
  sandboxPath: string | null;
  /** µs since the Unix epoch. */
  requestTime: number;
  status: 'pending' | 'complete' | 'error';
  /** Why it is 'error'. */
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  symlinkMode: 'follow' | 'ignore';
  /** Of a complete one; null before. Bytes. */
  totalFiles: number | null;
  totalDirectories: number | null;
  totalSize: number | null;
  problems: ManifestProblem[];
  userData: UserData;
}
