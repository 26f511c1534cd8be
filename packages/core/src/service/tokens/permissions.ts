import type { ApiCaller, TokenPermissions } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';

/** What a log-in by API token is held to, beside what its account may do. */
export interface TokenRestrictions {
  permissions: TokenPermissions;
  /** Directory within what the account sees; null: all of it. */
  path: string | null;
}

const MEANING: Record<keyof TokenPermissions, string> = {
  upload: 'write files',
  download: 'list and read files',
  delete: 'delete or rename files, or make directories',
  share: 'make shared links',
};

/** @throws JetStreamError `permission-denied` when the caller logged in by a token that does not have it */
export function requirePermission(
  { permissions }: Pick<ApiCaller, 'permissions'>,
  permission: keyof TokenPermissions,
): void {
  if (permissions === null || permissions[permission]) return;
  throw new JetStreamError('permission-denied', `this token may not ${MEANING[permission]}`);
}
