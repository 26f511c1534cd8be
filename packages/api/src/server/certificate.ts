import { createPrivateKey, createPublicKey, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { JetStreamError } from '@jetstream/protocol';

const DAY_MS = 86_400_000;
/** A certificate that nobody renews: clients know it by heart. */
const VALID_DAYS = 3_650;

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

/**
 * Makes a certificate that vouches for itself (RFC 5280), with a key of its own: ECDSA on P-256, for ten years.
 * @param names host names and addresses that the server has
 * @param nowMs Unix time
 */
export async function createCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate> {
  // What @peculiar/x509 is built upon needs it, and comes without.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [names[0] ?? 'jetstream'] }, { O: ['JetStream'] }],
    // Clocks differ.
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + VALID_DAYS * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value })),
      ),
    ],
  });
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` };
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
