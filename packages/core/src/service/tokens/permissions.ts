import type { ApiCaller, TokenPermissions } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';

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
