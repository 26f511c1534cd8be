import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { CertificateCheck } from '@jetstream/api/client';
import { CERTIFICATE_DIGEST, configDirectory, KnownHosts } from '@jetstream/auth';
import { JetStreamError } from '@jetstream/protocol';

export interface CertificatePinOptions {
  host: string;
  port: number;
  /** What to do with a host not seen before: as `unknownHost` of ClientOptions. This machine's own is remembered unasked. */
  unknownHost: 'accept-new' | 'refuse' | ((host: { name: string; fingerprint: string }) => Promise<boolean>);
  /** Of `known_api_hosts`, where certificates are remembered. Default: that of auth's configDirectory. */
  configDirectory?: string;
}

/**
 * Trust on first use for the certificate of a server's API. One that differs from the remembered one is refused always; one that
 * an authority vouches for, of a host that none is remembered of, passes and is not remembered, so that it can be renewed.
 */
export function pinnedCertificate(options: CertificatePinOptions): CertificateCheck {
  const { host, port, unknownHost } = options;
  const file = join(options.configDirectory ?? configDirectory(), 'known_api_hosts');
  return async ({ der, isVouchedFor }) => {
    const digest = createHash('sha256').update(der).digest();
    const pins = KnownHosts.open(file, CERTIFICATE_DIGEST);
    const { status, message } = pins.check(host, port, digest);
    if (status === 'changed') throw new JetStreamError('host-key-changed', message, { subject: host });
    if (status === 'known' || isVouchedFor) return;
    const fingerprint = CERTIFICATE_DIGEST.fingerprint(digest);
    const accepted =
      isThisMachine(host) ||
      unknownHost === 'accept-new' ||
      (typeof unknownHost === 'function' && (await unknownHost({ name: host, fingerprint })));
    if (!accepted) {
      throw new JetStreamError(
        'host-key-unknown',
        `the certificate of ${host} is not known yet (${fingerprint}): compare it with the one in the server's log, then use --accept-new to remember it`,
        { subject: host },
      );
    }
    pins.add(host, port, digest);
  };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
