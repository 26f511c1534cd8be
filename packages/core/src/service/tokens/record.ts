import type { TokenPermissions, UserData } from '@jetstream/api';
import type { Owner } from '../owner.ts';
import type { PasswordHash } from './password-hash.ts';

/** What API tokens and shared links have in common, as it is stored: plain data, from which nobody can log in. */
export interface TokenRecord extends Owner {
  /** Its id. */
  token: string;
  /** SHA-256 of what one logs in with, hex. */
  secretHash: string;
  /** null: none is needed. */
  password: PasswordHash | null;
  description: string;
  /** µs since the Unix epoch. */
  requestTime: number;
  /** null: never. */
  expiryTime: number | null;
  userData: UserData;
}

export interface ApiTokenRecord extends TokenRecord {
  permissions: TokenPermissions;
  /** Directory within what its owner sees; null: all of that. */
  path: string | null;
}

export interface SharedTokenRecord extends TokenRecord {
  manifestId: string;
  downloadCount: number;
  /** null: none. */
  downloadLimit: number | null;
  /** How often each client has begun a download that it has not ended; each of them holds one of those that the limit leaves. */
  begun: Readonly<Record<string, number>>;
}

/** What every token tells of itself. Its secret is told once, by whoever makes it. */
export function describeToken(record: Readonly<TokenRecord>) {
  const { owner, ownerToken, ownerTokenSession, token, description, userData } = record;
  return {
    token,
    secret: null,
    description,
    creationTime: record.requestTime,
    expiryTime: record.expiryTime,
    owner,
    ownerToken,
    ownerTokenSession,
    passwordRequired: record.password !== null,
    userData,
  };
}
