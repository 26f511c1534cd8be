import type { ExitCodes } from '@jetstream/command-line';
import type { ErrorCode } from '@jetstream/protocol';

/** What `jetstream api` exits with, and why. Shown by --help and docs/CLI.md; numbers never change their meaning. */
export const EXIT_CODES = {
  ok: { status: 0, meaning: 'done' },
  internal: { status: 1, meaning: 'a fault in JetStream itself' },
  usage: { status: 2, meaning: 'the command line, or a parameter, cannot be used' },
  unreachable: { status: 3, meaning: 'the host has no address, or no API answers there' },
  certificate: { status: 4, meaning: 'the certificate of the server is unknown or has changed' },
  login: { status: 5, meaning: 'the server does not let this user in' },
  denied: { status: 6, meaning: 'the user may not do that' },
  failed: { status: 7, meaning: 'the work failed, or what was waited for did not complete' },
  connectionLost: { status: 8, meaning: 'the connection was lost: the command may have been done' },
  protocol: { status: 9, meaning: 'what answers is no API of a JetStream server' },
  notFound: { status: 10, meaning: 'there is no such object, file or command, or it is of somebody else' },
  conflict: { status: 11, meaning: 'the state of the object or file does not allow it' },
  later: { status: 12, meaning: 'a limit was reached, or the server is closing: try again later' },
  cancelled: { status: 130, meaning: 'stopped by Ctrl-C' },
} as const satisfies ExitCodes;

type ExitName = keyof typeof EXIT_CODES;

/** Anything else is work that failed. */
const EXIT_BY_ERROR: Partial<Record<ErrorCode, ExitName>> = {
  internal: 'internal',
  'invalid-argument': 'usage',
  'name-invalid': 'usage',
  'host-unreachable': 'unreachable',
  'host-unresolved': 'unreachable',
  'host-key-unknown': 'certificate',
  'host-key-changed': 'certificate',
  'login-refused': 'login',
  'login-timeout': 'login',
  unauthenticated: 'login',
  'permission-denied': 'denied',
  'path-refused': 'denied',
  'connection-lost': 'connectionLost',
  'protocol-violation': 'protocol',
  'version-mismatch': 'protocol',
  'handshake-failed': 'protocol',
  'not-found': 'notFound',
  conflict: 'conflict',
  'already-exists': 'conflict',
  'is-a-directory': 'conflict',
  'not-a-directory': 'conflict',
  'special-file': 'conflict',
  'limit-exceeded': 'later',
  'server-closing': 'later',
  cancelled: 'cancelled',
};

export function apiExitStatusOf(code: ErrorCode): number {
  return EXIT_CODES[EXIT_BY_ERROR[code] ?? 'failed'].status;
}
