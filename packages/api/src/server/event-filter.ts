import type { ApiEvent } from '../contract.ts';
import type { ApiSession } from './sessions.ts';

/** Whether an event is for a session: an account hears of its own objects, a token of those that it made, who was raised of all. */
export function mayHear({ superuser, wrangler, identity }: ApiSession, event: ApiEvent): boolean {
  if (superuser || wrangler) return true;
  if (event.owner !== identity.account) return false;
  return identity.token === null || identity.token === event.ownerToken;
}
