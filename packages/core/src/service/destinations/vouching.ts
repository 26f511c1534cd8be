import { hkdfSync } from 'node:crypto';
import type { DestinationRecord } from './record.ts';

const KEY_BYTES = 32;

/**
 * Whether this server may say at a destination, by its host key, that the user is who it names. A receiver that trusts the key lets in whomever
 * it names, where nothing but that key, or a key of the user, is shown: so it names nobody there but the owner, and nobody for a token.
 * Where a password or a token has to decide, the key decides nothing (LG-8).
 */
export function vouchesFor({ owner, ownerToken, userName, credentials }: DestinationRecord): boolean {
  const { kind } = credentials;
  return kind === 'password' || kind === 'token' || (ownerToken === null && userName === owner);
}

/**
 * The Noise key for a destination: the host key where the server vouches, else one that is made of it, which nobody trusts, and by
 * which its transfers are known again.
 * @param hostKey X25519 private key, as is what it gives
 */
export function staticKeyFor(destination: DestinationRecord, hostKey: Uint8Array): Uint8Array {
  if (vouchesFor(destination)) return hostKey;
  const purpose = `jetstream destination/${destination.destinationId}`;
  return new Uint8Array(hkdfSync('sha256', hostKey, '', purpose, KEY_BYTES));
}
