import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { JetStreamError } from '@jetstream/protocol';

const DAY_MS = 86_400_000;

/** What a server shows to its clients: PEM. `certificate` may be followed by those that vouch for it. */
export interface ServerCertificate {
  certificate: string;
  key: string;
}

/** That of a server as its clients see it. */
export interface CheckedCertificate extends ServerCertificate {
  /** DER. */
  der: Uint8Array;
  expiresMs: number;
}

/**
 * @param nowMs Unix time
 * @throws JetStreamError `invalid-argument` when one is unreadable, the key is not that of the certificate, or it has expired
 */
export function checkCertificate({ certificate, key }: ServerCertificate, nowMs: number): CheckedCertificate {
  const parsed = attempt('certificate', () => new X509Certificate(certificate));
  const privateKey = attempt('key', () => createPrivateKey(key));
  // Also by their public halves: `checkPrivateKey` takes an RSA-PSS key for an RSA certificate.
  if (!parsed.checkPrivateKey(privateKey) || !createPublicKey(privateKey).equals(parsed.publicKey)) {
    throw unusable('the key is not that of the certificate');
  }
  const expiresMs = Date.parse(parsed.validTo);
  if (!(nowMs < expiresMs)) throw unusable(`the certificate has expired (${parsed.validTo})`);
  attempt('certificate', () => createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }));
  return { certificate, key, der: parsed.raw, expiresMs };
}

/** Whole days until it expires; negative: it has. */
export function daysLeft({ expiresMs }: { expiresMs: number }, nowMs: number): number {
  return Math.floor((expiresMs - nowMs) / DAY_MS);
}

function attempt<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unusable(`the ${what} cannot be read as PEM`, error);
  }
}

function unusable(message: string, cause?: unknown): JetStreamError {
  return new JetStreamError('invalid-argument', message, { cause });
}
