import { readFileSync } from 'node:fs';
import type { Account, AccountDatabase } from './account.ts';

/** The highest ids stand for "none" in system calls. */
const MAX_ID = 2 ** 32 - 2;

/** Accounts by the text of passwd(5) and group(5) alone. A line that is not well-formed stands for no account. */
export function fileAccounts(passwdFile = '/etc/passwd', groupFile = '/etc/group'): AccountDatabase {
  return {
    lookUp(name) {
      for (const fields of records(passwdFile, 7)) {
        const [found, , uidText, gidText, gecos, homeDirectory, shell] = fields as PasswdFields;
        if (found !== name) continue;
        const uid = idOf(uidText);
        const gid = idOf(gidText);
        if (uid === undefined || gid === undefined) return undefined;
        const groups = groupsOf(name, gid, groupFile);
        return { name, uid, gid, groups, homeDirectory, shell, fullName: gecos.split(',')[0]! };
      }
      return undefined;
    },
    userName: (uid) => records(passwdFile, 7).find((fields) => idOf(fields[2]!) === uid)?.[0],
    groupName: (gid) => records(groupFile, 4).find((fields) => idOf(fields[2]!) === gid)?.[0],
    groupId(name) {
      const group = records(groupFile, 4).find(([found]) => found === name);
      return group && idOf(group[2]!);
    },
  };
}

type PasswdFields = [string, string, string, string, string, string, string];

function groupsOf(name: string, primary: number, groupFile: string): Account['groups'] {
  const groups = new Set([primary]);
  for (const [, , gidText, members] of records(groupFile, 4)) {
    const gid = idOf(gidText!);
    if (gid !== undefined && members!.split(',').includes(name)) groups.add(gid);
  }
  return [...groups];
}

function records(file: string, fieldCount: number): string[][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length === fieldCount);
}

/** An empty or odd id is never 0. */
function idOf(text: string): number | undefined {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return id <= MAX_ID ? id : undefined;
}
