import type { ExitCodes } from '@jetstream/command-line';
import type { ErrorCode } from '@jetstream/protocol';

/** What `jscp` exits with, and why. Shown by --help and docs/CLI.md; numbers never change their meaning. */
export const EXIT_CODES = {
  ok: { status: 0, meaning: 'everything was copied' },
  internal: { status: 1, meaning: 'a fault in JetStream itself' },
  usage: { status: 2, meaning: 'the command line cannot be used' },
  unreachable: { status: 3, meaning: 'the host has no address or did not answer' },
  hostKey: { status: 4, meaning: 'the host key is unknown or has changed' },
  login: { status: 5, meaning: 'the server does not let this user in' },
  pathRefused: { status: 6, meaning: 'a path leads outside the root or may not be used' },
  transferFailed: { status: 7, meaning: 'some files were not copied' },
  connectionLost: { status: 8, meaning: 'the connection was lost during the copy' },
  protocol: { status: 9, meaning: 'the peer speaks another version or is no JetStream server' },
  notFound: { status: 10, meaning: 'a file to be copied is not there, or its target was taken away' },
  permission: { status: 11, meaning: 'the operating system refused access to a file' },
  wrongKind: { status: 12, meaning: 'a directory stands where a file is meant, or the reverse' },
  diskFull: { status: 13, meaning: 'no space or quota is left at the receiver' },
  differs: { status: 14, meaning: '--verify found a file that differs or is missing' },
  exists: { status: 15, meaning: 'a file is there that may not be overwritten' },
  cancelled: { status: 130, meaning: 'stopped by Ctrl-C' },
} as const satisfies ExitCodes;

type ExitName = keyof typeof EXIT_CODES;

const EXIT_BY_ERROR: Record<ErrorCode, ExitName> = {
  none: 'connectionLost',
  internal: 'internal',
  'protocol-violation': 'protocol',
  'version-mismatch': 'protocol',
  'handshake-failed': 'protocol',
  'host-unreachable': 'unreachable',
  'host-unresolved': 'unreachable',
  'connection-lost': 'connectionLost',
  'host-key-unknown': 'hostKey',
  'host-key-changed': 'hostKey',
  'login-refused': 'login',
  'login-timeout': 'login',
  'limit-exceeded': 'transferFailed',
  cancelled: 'cancelled',
  'server-closing': 'connectionLost',
  'invalid-argument': 'usage',
  'not-found': 'notFound',
  'permission-denied': 'permission',
  'path-refused': 'pathRefused',
  'is-a-directory': 'wrongKind',
  'not-a-directory': 'wrongKind',
  'special-file': 'pathRefused',
  'name-invalid': 'pathRefused',
  'already-exists': 'exists',
  'source-changed': 'transferFailed',
  'digest-mismatch': 'transferFailed',
  'disk-full': 'diskFull',
  'quota-exceeded': 'diskFull',
  'read-only': 'permission',
  'too-many-open-files': 'transferFailed',
  'io-error': 'transferFailed',
  'address-in-use': 'internal',
  'transfer-failed': 'transferFailed',
  'content-differs': 'differs',
  'state-locked': 'internal',
  'state-newer': 'internal',
  unauthenticated: 'login',
  conflict: 'transferFailed',
};

export function exitStatusOf(code: ErrorCode): number {
  return EXIT_CODES[EXIT_BY_ERROR[code]].status;
}

/** When every failure has one cause, its status says which; a mixture is `transferFailed`. */
export function exitStatusOfFailures(codes: Iterable<ErrorCode>): number {
  const statuses = new Set<number>();
  for (const code of codes) statuses.add(exitStatusOf(code));
  const [only] = statuses;
  return statuses.size === 1 ? only! : EXIT_CODES.transferFailed.status;
}
