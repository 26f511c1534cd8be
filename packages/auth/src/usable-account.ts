import type { Account } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

/** What logins ask about the accounts of this machine; @jetstream/platform is one. */
export interface AccountDatabase {
  currentUser(): Account;
  lookUpAccount(name: string): Account | undefined;
  /** Whether this process may act as other accounts than its own. */
  canActAsOthers(): boolean;
}

/**
 * The account of that name, when this server can act as it.
 * @throws JetStreamError `login-refused` with the reason, for the server's log alone
 */
export function usableAccount(user: string, accounts: AccountDatabase): Account {
  const own = accounts.currentUser();
  if (user === own.name) return own;
  if (!accounts.canActAsOthers()) throw refused('this server takes only the account that runs it');
  const account = accounts.lookUpAccount(user);
  if (account === undefined) throw refused('there is no such account');
  return account;
}

/** @param reason for the server's log alone (LG-4) */
export function refused(reason: string): JetStreamError {
  return new JetStreamError('login-refused', reason);
}
