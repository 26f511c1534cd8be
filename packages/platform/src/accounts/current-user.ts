import { userInfo } from 'node:os';
import type { Account } from './account.ts';

/**
 * The account that runs this process (its effective user). A uid without an account, as in some containers, has its
 * number for a name and `$HOME`. On Windows, which has no such numbers, uid and gid are -1.
 */
export function currentUser(): Account {
  const uid = process.geteuid?.() ?? -1;
  const gid = process.getegid?.() ?? -1;
  const groups = process.getgroups?.() ?? [];
  const { username, homedir, shell } = ownRecord(uid);
  return {
    name: username,
    uid,
    gid,
    groups: [...new Set([gid, ...groups])],
    homeDirectory: homedir,
    shell: shell ?? '',
    fullName: '',
  };
}

function ownRecord(uid: number): { username: string; homedir: string; shell: string | null } {
  try {
    return userInfo();
  } catch {
    return { username: String(uid), homedir: process.env.HOME ?? '/', shell: null };
  }
}
