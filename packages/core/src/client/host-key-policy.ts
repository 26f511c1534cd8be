import { type KnownHosts, keyFingerprint } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';
import type { ClientOptions } from '../contract.ts';

/**
 * Trust on first use: a known key passes, an unknown one by the caller's policy, a changed one never.
 * @throws JetStreamError `host-key-unknown`, `host-key-changed`
 */
export async function checkHostKey(
  knownHosts: KnownHosts,
  host: { name: string; port: number },
  key: Uint8Array,
  policy: ClientOptions['unknownHost'] = 'refuse',
): Promise<void> {
  const fingerprint = keyFingerprint(key);
  const found = knownHosts.check(host.name, host.port, key);
  if (found.status === 'known') return;
  if (found.status === 'changed')
    throw new JetStreamError('host-key-changed', found.message, { subject: host.name });
  const accepted =
    policy === 'accept-new' ||
    (typeof policy === 'function' && (await policy({ name: host.name, fingerprint })));
  if (!accepted) {
    throw new JetStreamError(
      'host-key-unknown',
      `the key of ${host.name} is not known yet (${fingerprint}): compare it with the one in the server's log, then copy with --accept-new to remember it`,
      { subject: host.name },
    );
  }
  knownHosts.add(host.name, host.port, key);
}
