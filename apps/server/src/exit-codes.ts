import type { ExitCodes } from '@jetstream/command-line';
import type { ErrorCode } from '@jetstream/protocol';

/** What `jetstream` exits with, and why. Shown by --help and docs/CLI.md; numbers never change their meaning. */
export const EXIT_CODES = {
  ok: { status: 0, meaning: 'stopped on request' },
  internal: { status: 1, meaning: 'a fault in JetStream itself' },
  usage: { status: 2, meaning: 'the command line or the configuration file cannot be used' },
  address: { status: 3, meaning: 'the address or port cannot be had' },
  directory: { status: 4, meaning: 'a directory is missing or is none' },
  access: { status: 5, meaning: 'a file or port may not be used, or the disk is full' },
  state: { status: 6, meaning: 'the state directory is used by another server, or is of a newer version' },
} as const satisfies ExitCodes;

type ExitName = keyof typeof EXIT_CODES;

/** What can go wrong while a server starts; anything else is a fault of ours. */
const EXIT_BY_ERROR: Partial<Record<ErrorCode, ExitName>> = {
  'invalid-argument': 'usage',
  'address-in-use': 'address',
  'host-unresolved': 'address',
  'host-unreachable': 'address',
  'not-found': 'directory',
  'not-a-directory': 'directory',
  'is-a-directory': 'directory',
  'path-refused': 'directory',
  'permission-denied': 'access',
  'read-only': 'access',
  'disk-full': 'access',
  'quota-exceeded': 'access',
  'too-many-open-files': 'access',
  'io-error': 'access',
  'state-locked': 'state',
  'state-newer': 'state',
};

export function exitStatusOf(code: ErrorCode): number {
  return EXIT_CODES[EXIT_BY_ERROR[code] ?? 'internal'].status;
}
