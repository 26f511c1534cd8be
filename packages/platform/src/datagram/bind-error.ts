import { isIPv4, isIPv6 } from 'node:net';
import { JetStreamError } from '@jetstream/protocol';

/** @throws JetStreamError `invalid-argument` unless it is an IP address */
export function checkHost(host: string): void {
  if (isIPv4(host) || isIPv6(host)) return;
  throw new JetStreamError('invalid-argument', `${host} is not an IP address to listen on`, {
    subject: host,
  });
}

/** Why a UDP port cannot be had, as one of `address-in-use`, `permission-denied`, `invalid-argument`. */
export function bindError(error: NodeJS.ErrnoException, host: string, port: number): JetStreamError {
  const subject = `UDP ${host} port ${port}`;
  if (error.code === 'EADDRINUSE') {
    return new JetStreamError('address-in-use', `${subject} is taken by another process`, {
      subject,
      cause: error,
    });
  }
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new JetStreamError('permission-denied', `${subject}: only root may listen there`, {
      subject,
      cause: error,
    });
  }
  return new JetStreamError('invalid-argument', `${subject}: ${error.message}`, { subject, cause: error });
}
