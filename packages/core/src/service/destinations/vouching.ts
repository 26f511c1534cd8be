import { hkdfSync } from 'node:crypto';
import { currentUser } from '@jetstream/platform';
import type { DestinationRecord } from './record.ts';

const KEY_BYTES = 32;

/**
 * Whether this server says at a destination, by its host key, that the user is who it names. A server that trusts the key may let in whomever
 * it names: so for its users it names nobody but themselves, and nobody at all for a token; whoever runs it has the key anyway.
 */
export function vouchesFor({ owner, ownerToken, userName }: DestinationRecord): boolean {
  return ownerToken === null && (userName === owner || owner === currentUser().name);
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
