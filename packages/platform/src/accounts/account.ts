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

/** Where accounts are looked up. */
export interface AccountDatabase {
  /** undefined: there is no such account. Throws when the system cannot say. */
  lookUp(name: string): Account | undefined;
}

let database: AccountDatabase | undefined;

/**
 * The account of that name, from all the sources that the system uses (nsswitch.conf: LDAP and so on), or from
 * /etc/passwd alone where native functions are missing. undefined: there is none. May wait for a directory server.
 * @throws JetStreamError `io-error` when the system could not say
 */
export function lookUpAccount(name: string): Account | undefined {
  if (!isAccountName(name)) return undefined;
  database ??= nameServiceAccounts() ?? fileAccounts();
  return database.lookUp(name);
}

/** A name that cannot be one is not even looked up. */
function isAccountName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  return name.length > 0 && Buffer.byteLength(name) <= 256 && !/[\x00-\x1f\x7f:/]/.test(name);
}
