import type { ApiCaller, ApiIdentity } from '../contract.ts';
import type { ApiSession } from './sessions.ts';

/** Who sends commands: one HTTPS request, or one WebSocket. */
export interface Peer {
  readonly remoteAddress: string;
  readonly isLocal: boolean;
  readonly reachedAs: string | null;
  session: ApiSession | undefined;
  /** That of the session. */
  token: string | undefined;
  /** The session was begun here, by a WebSocket, and ends with it. */
  ownsSession: boolean;
  /** Aborted when nobody waits for answers any more. */
  readonly signal: AbortSignal;
  /** Of WebSockets alone. @param names undefined: all events */
  subscribe?(names: readonly string[] | undefined): void;
  unsubscribe?(): void;
}

const NOBODY: ApiIdentity = { account: '', token: null, tokenSession: null, permissions: null, path: null };

export function callerOf({ session, remoteAddress, isLocal, reachedAs }: Peer): ApiCaller {
  return {
    ...(session?.identity ?? NOBODY),
    superuser: session?.superuser ?? false,
    wrangler: session?.wrangler ?? false,
    remoteAddress,
    isLocal,
    reachedAs,
  };
}
