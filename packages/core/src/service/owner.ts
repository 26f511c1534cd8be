import type { ApiCaller } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';

/** Whose an object is. Made with an API token, it is of that token too. */
export interface Owner {
  /** Name of the account. */
  owner: string;
  ownerToken: string | null;
  /** The log-in by that token which made the object. */
  ownerTokenSession: string | null;
}

export function ownerOf(caller: ApiCaller): Owner {
  return { owner: caller.account, ownerToken: caller.token, ownerTokenSession: caller.tokenSession };
}

/** A token sees only what it made, also where its account sees more; superusers and wranglers see all. */
export function maySee(caller: ApiCaller, { owner, ownerToken }: Owner): boolean {
  if (caller.superuser || caller.wrangler) return true;
  return caller.account === owner && (caller.token === null || caller.token === ownerToken);
}

/**
 * One object of those that the caller may see.
 * @param what for the message, e.g. "destination"
 * @throws JetStreamError `not-found`: the same for what is not there and for what is another's
 */
export function findOwned<T extends Owner>(
  objects: { get(id: string): T | undefined },
  id: string,
  caller: ApiCaller,
  what: string,
): T {
  const found = objects.get(id);
  if (found === undefined || !maySee(caller, found)) {
    throw new JetStreamError('not-found', `there is no ${what} ${JSON.stringify(id)}`, { subject: id });
  }
  return found;
}
