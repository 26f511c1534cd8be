import type { Account } from '@jetstream/platform';

/** Whose rights the worker has, from before it opens its tree to its end. */
export interface StorageOwner {
  /** Act as this account; undefined: as the process. */
  actAs: Account | undefined;
}

/** The same for two accounts that have the same rights, and for nobody else. */
export function ownerKey(actAs: Account | undefined): string {
  if (actAs === undefined) return 'the process';
  const { uid, gid, groups } = actAs;
  return [uid, gid, ...[...groups].sort((one, other) => one - other)].join(' ');
}
