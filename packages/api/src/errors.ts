import type { ErrorCode } from '@jetstream/protocol';

/** The status of an answer that says an error (RFC 9110 §15). A body that is too large has 413 whatever its code says. */
const HTTP_STATUS: Record<ErrorCode, number> = {
  none: 200,
  internal: 500,
  'protocol-violation': 502,
  'version-mismatch': 502,
  'handshake-failed': 502,
  'host-unreachable': 502,
  'host-unresolved': 502,
  'connection-lost': 502,
  'host-key-unknown': 502,
  'host-key-changed': 502,
  'login-refused': 401,
  'login-timeout': 408,
  unauthenticated: 401,
  'limit-exceeded': 429,
  cancelled: 409,
  'server-closing': 503,
  'invalid-argument': 400,
  'not-found': 404,
  'permission-denied': 403,
  'path-refused': 403,
  'is-a-directory': 409,
  'not-a-directory': 409,
  'special-file': 409,
  'name-invalid': 400,
  'already-exists': 409,
  conflict: 409,
  'source-changed': 409,
  'digest-mismatch': 500,
  'disk-full': 507,
  'quota-exceeded': 507,
  'read-only': 409,
  'too-many-open-files': 503,
  'io-error': 500,
  'address-in-use': 409,
  'transfer-failed': 500,
  'content-differs': 409,
  'state-locked': 503,
  'state-newer': 503,
};

export function httpStatusOf(code: ErrorCode): number {
  return HTTP_STATUS[code];
}
