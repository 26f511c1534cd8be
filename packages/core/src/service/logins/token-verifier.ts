import type { ApiIdentity, TokenPermissions } from '@jetstream/api';

/** What a login by token is confined to. */
export type LoginRestrictions =
  | { permissions: TokenPermissions; path: string | null }
  /** The files of one manifest, to be fetched. */
  | { sharedToken: string };

/** Whom a token stands for. */
export interface TokenLogin {
  /** Whoever made the token: its login acts as that account. */
  account: string;
  token: string;
  /** This very login. */
  tokenSession: string;
  restrictions: LoginRestrictions;
}

/** Knows the tokens of this server. */
export interface TokenVerifier {
  /**
   * Takes as long for a token that does not exist as for a wrong password of one that does (LG-7), but for what the guard of logins evens out.
   * @throws JetStreamError `login-refused` (`refused` of @jetstream/auth) with the reason, for the server's log alone
   */
  verify(token: string, password: string | undefined, remote: string): Promise<TokenLogin>;
  /** False once the token was taken back or has expired. */
  isStillValid(identity: ApiIdentity): boolean;
}
