import { type Account, canActAsOthers, currentUser, lookUpAccount } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';

/**
 * The account of the system that an object belongs to, as it is now.
 * @throws JetStreamError `permission-denied` when there is none any more, or this server cannot act as it; `io-error`
 */
export function accountNamed(name: string): Account {
  const own = currentUser();
  if (name === own.name) return own;
  const account = canActAsOthers() ? lookUpAccount(name) : undefined;
  if (account !== undefined) return account;
  throw new JetStreamError('permission-denied', `this server cannot act as ${JSON.stringify(name)}`, {
    subject: name,
  });
}

/** Whom a storage worker has to become; undefined: it is that one already. */
export function actsAs(account: Account): Account | undefined {
  return account.uid === currentUser().uid ? undefined : account;
}
