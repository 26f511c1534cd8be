import type { CommandName, Parameters, Result, SessionCommandName } from './commands/commands.ts';
import type { Json } from './schema/scalars.ts';
import type { TokenPermissions } from './schema/token.ts';

/** Who is logged in. */
export interface ApiIdentity {
  /** '' for whoever is not logged in. */
  account: string;
  /** API token that the log-in was made with, and that log-in itself; null without. */
  token: string | null;
  tokenSession: string | null;
  /** What the token allows, and the directory that it is confined to; null: all. */
  permissions: TokenPermissions | null;
  path: string | null;
}

/** Who calls. */
export interface ApiCaller extends ApiIdentity {
  /** Whether the session was raised. */
  superuser: boolean;
  wrangler: boolean;
  remoteAddress: string;
  /** Whether the peer is on this machine. */
  isLocal: boolean;
  /** By which name or address the caller says that he reaches this server; null: none that could be one, or one that only this machine knows. */
  reachedAs: string | null;
}

/** What does the work of the commands. The HTTPS server has checked parameters and access before it asks. */
export type ApiHandlers = {
  [C in Exclude<CommandName, SessionCommandName>]: (
    parameters: Parameters<C>,
    caller: ApiCaller,
    /** Aborted when nobody waits for the answer any more, or the server closes. */
    context: { signal: AbortSignal },
  ) => Promise<Result<C>> | Result<C>;
};

/** Says who somebody is. All throw JetStreamError `login-refused` or `limit-exceeded`, a refusal in equal time. */
export interface ApiAuthenticator {
  password(user: string, password: string, remoteAddress: string): Promise<ApiIdentity>;
  /** @param boundHash 32 bytes that stand for the connection in loginSignatureInput: `boundChallenge` */
  publicKey(
    user: string,
    offers: readonly { publicKey: Uint8Array; signature: Uint8Array }[],
    boundHash: Uint8Array,
    remoteAddress: string,
  ): Promise<ApiIdentity>;
  token(token: string, password: string | undefined, remoteAddress: string): Promise<ApiIdentity>;
  mayBeSuperuser(account: string): Promise<boolean>;
  mayBeWrangler(account: string): Promise<boolean>;
  /** False once the token is revoked, the account removed, or the like. Asked at each event. */
  isStillValid(identity: ApiIdentity): boolean;
  /** The same, of whoever else may know: whether the account may still be used from there. Asked at each request. */
  mayGoOn(identity: ApiIdentity, remoteAddress: string): Promise<boolean>;
}

/** `_timestamp` is in µs. `owner` null or left out: for sessions raised to superuser or wrangler alone. */
export interface ApiEvent {
  _event: string;
  _timestamp: number;
  owner?: string | null;
  ownerToken?: string | null;
  [key: string]: Json | undefined;
}

export interface ApiEvents {
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: ApiEvent) => void): () => void;
}
