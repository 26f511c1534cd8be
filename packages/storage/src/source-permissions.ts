import type { FileStatus, Permissions } from '@jetstream/manifest';
import { lookUpGroupName, lookUpUserName } from '@jetstream/platform';

/** The protocol's limit. */
const MAX_NAME_BYTES = 256;

/** Tells who may do what with a file; each name is looked up once. */
export function sourcePermissions(): (status: FileStatus) => Permissions {
  const userOf = remembered(lookUpUserName);
  const groupOf = remembered(lookUpGroupName);
  return ({ mode, uid, gid }) => ({ mode, uid, gid, user: userOf(uid), group: groupOf(gid) });
}

function remembered(nameOf: (id: number) => string | undefined): (id: number) => string {
  const names = new Map<number, string>();
  return (id) => {
    const name = names.get(id) ?? nameOrNone(id, nameOf);
    names.set(id, name);
    return name;
  };
}

/** The number goes with the file anyway. */
function nameOrNone(id: number, nameOf: (id: number) => string | undefined): string {
  try {
    const name = nameOf(id) ?? '';
    return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : '';
  } catch {
    return '';
  }
}
