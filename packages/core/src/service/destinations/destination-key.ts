import { keyFingerprint } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';
import type { DestinationRecord } from './record.ts';

/**
 * The key that is permitted passes; where none is, the first one that was shown, and no other ever.
 * @param key that the destination shows, base64
 * @throws JetStreamError `host-key-changed`
 */
export function checkDestinationKey(destination: DestinationRecord, key: string): void {
  const { destinationAddress, destinationId, permittedDestinationPublicKey, destinationPublicKey } =
    destination;
  const expected = permittedDestinationPublicKey ?? destinationPublicKey ?? key;
  if (expected === key) return;
  const why =
    permittedDestinationPublicKey === null ? 'it showed before' : 'is its permittedDestinationPublicKey';
  throw new JetStreamError(
    'host-key-changed',
    `${destinationAddress} shows the key ${key} (${fingerprint(key)}), but ${expected} (${fingerprint(expected)}) ${why}: somebody may be in between, or the server was set up anew; ask its administrator, and if the new key is right, set it as permittedDestinationPublicKey of destination ${destinationId}`,
    { subject: destinationAddress },
  );
}

function fingerprint(key: string): string {
  return keyFingerprint(Buffer.from(key, 'base64'));
}
