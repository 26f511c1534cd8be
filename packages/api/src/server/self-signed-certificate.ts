// What @peculiar/x509 is built upon needs it, and comes without.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { ServerCertificate } from './certificate.ts';

const DAY_MS = 86_400_000;
/** Nobody renews it: clients know it by heart. */
const VALID_DAYS = 3_650;

/**
 * Makes a certificate that vouches for itself (RFC 5280), with a key of its own: ECDSA on P-256, for ten years.
 * @param names host names and addresses that the server has
 * @param nowMs Unix time
 */
export async function createCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate> {
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
