import { fileAccounts } from './account-files.ts';
import { nameServiceAccounts } from './name-service.ts';

/** An account of the operating system. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Every group, the primary one included. */
  readonly groups: readonly number[];
  readonly homeDirectory: string;
  readonly shell: string;
  readonly fullName: string;
}

/** Where accounts and groups are looked up. undefined: there is none. All throw when the system cannot say. */
export interface AccountDatabase {
  lookUp(name: string): Account | undefined;
  userName(uid: number): string | undefined;
  groupName(gid: number): string | undefined;
  groupId(name: string): number | undefined;
}

let database: AccountDatabase | undefined;

/**
 * The account of that name, from all the sources that the system uses (nsswitch.conf: LDAP and so on), or from
 * /etc/passwd alone where native functions are missing. undefined: there is none. May wait for a directory server.
 * @throws JetStreamError `io-error` when the system could not say
 */
export function lookUpAccount(name: string): Account | undefined {
  return isAccountName(name) ? accounts().lookUp(name) : undefined;
}

/** Name of the account with that uid; sources, waits and throws as `lookUpAccount`. */
export function lookUpUserName(uid: number): string | undefined {
  return accounts().userName(uid);
}

/** Name of the group with that gid; sources, waits and throws as `lookUpAccount`. */
export function lookUpGroupName(gid: number): string | undefined {
  return accounts().groupName(gid);
}

/** The gid of the group of that name; sources, waits and throws as `lookUpAccount`. */
export function lookUpGroupId(name: string): number | undefined {
  return isAccountName(name) ? accounts().groupId(name) : undefined;
}

function accounts(): AccountDatabase {
  database ??= nameServiceAccounts() ?? fileAccounts();
  return database;
}

/** A name that cannot be one is not even looked up. */
function isAccountName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  return name.length > 0 && Buffer.byteLength(name) <= 256 && !/[\x00-\x1f\x7f:/]/.test(name);
}
