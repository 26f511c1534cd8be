/**
 * Every way JetStream can fail, by a stable code. `wire` is the number in a CLOSE frame; `retryable` says that the same
 * request may succeed later without anybody changing anything. The table in docs/ERRORS.md is made from this.
 */
export const ERROR_CODES = {
  none: { wire: 0, retryable: false, meaning: 'closed without an error' },
  internal: { wire: 1, retryable: false, meaning: 'a fault in JetStream itself' },
  'protocol-violation': { wire: 2, retryable: false, meaning: 'the peer broke a rule of the protocol' },
  'version-mismatch': { wire: 3, retryable: false, meaning: 'the peer speaks no version that we speak' },
  'handshake-failed': { wire: 4, retryable: false, meaning: 'the encrypted handshake did not complete' },
  'host-unreachable': { wire: 5, retryable: true, meaning: 'the host did not answer' },
  'host-unresolved': { wire: 6, retryable: true, meaning: 'the host name has no address' },
  'connection-lost': { wire: 7, retryable: true, meaning: 'an established connection fell silent' },
  'host-key-unknown': {
    wire: 8,
    retryable: false,
    meaning: 'the host key is not known and was not accepted',
  },
  'host-key-changed': { wire: 9, retryable: false, meaning: 'the host key differs from the one remembered' },
  'login-refused': { wire: 10, retryable: false, meaning: 'the server does not let this user in' },
  'login-timeout': { wire: 11, retryable: true, meaning: 'login did not finish in time' },
  'limit-exceeded': { wire: 12, retryable: true, meaning: 'a limit of docs/LIMITS.md was reached' },
  cancelled: { wire: 13, retryable: false, meaning: 'stopped on request' },
  'server-closing': { wire: 14, retryable: true, meaning: 'the server is shutting down' },
  'invalid-argument': { wire: 15, retryable: false, meaning: 'a value given is not usable' },
  'not-found': { wire: 16, retryable: false, meaning: 'no such file, directory or object' },
  'permission-denied': { wire: 17, retryable: false, meaning: 'the operating system refused access' },
  'path-refused': {
    wire: 18,
    retryable: false,
    meaning: 'the path leads outside the root or is not allowed',
  },
  'is-a-directory': { wire: 19, retryable: false, meaning: 'a directory stands where a file is meant' },
  'not-a-directory': { wire: 20, retryable: false, meaning: 'a file stands where a directory is meant' },
  'special-file': {
    wire: 21,
    retryable: false,
    meaning: 'a device, FIFO or socket is never read or written',
  },
  'name-invalid': {
    wire: 22,
    retryable: false,
    meaning: 'a name that cannot be stored or is not valid UTF-8',
  },
  'already-exists': { wire: 23, retryable: false, meaning: 'the target exists and may not be replaced' },
  'source-changed': { wire: 24, retryable: true, meaning: 'the source changed while it was being sent' },
  'digest-mismatch': { wire: 25, retryable: true, meaning: 'content differs from its digest, twice' },
  'disk-full': { wire: 26, retryable: true, meaning: 'no space is left on the receiving disk' },
  'quota-exceeded': { wire: 27, retryable: true, meaning: 'the disk quota of the account is used up' },
  'read-only': { wire: 28, retryable: false, meaning: 'the target file system is read-only' },
  'too-many-open-files': { wire: 29, retryable: true, meaning: 'the file descriptor limit is reached' },
  'io-error': { wire: 30, retryable: true, meaning: 'the operating system reported an input/output error' },
  'address-in-use': { wire: 31, retryable: true, meaning: 'another process has the port' },
  'transfer-failed': { wire: 32, retryable: false, meaning: 'some files of the transfer failed' },
  'content-differs': { wire: 33, retryable: false, meaning: 'a file compared is not equal to its source' },
  'state-locked': { wire: 34, retryable: true, meaning: 'another process uses the state directory' },
  'state-newer': { wire: 35, retryable: false, meaning: 'a newer version wrote the state directory' },
  unauthenticated: { wire: 36, retryable: false, meaning: 'the API was not logged in to, or no longer' },
  conflict: { wire: 37, retryable: false, meaning: 'the state or use of the object does not allow it' },
} as const satisfies Record<string, { wire: number; retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * The one error class of JetStream. `message` names the thing and what to do about it, in one line.
 * @param subject the file, host, option or object concerned, when there is one
 * @param field the parameter of an API command that cannot be used, e.g. `fileMappings[3].source`
 */
export class JetStreamError extends Error {
  readonly code: ErrorCode;
  readonly subject: string | undefined;
  readonly field: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { subject?: string; field?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'JetStreamError';
    this.code = code;
    this.subject = options.subject;
    this.field = options.field;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

const CODE_BY_WIRE = new Map<number, ErrorCode>(
  Object.entries(ERROR_CODES).map(([code, { wire }]) => [wire, code as ErrorCode]),
);

/** The code for a number from a CLOSE frame or message; unknown numbers are `internal` (a newer peer's code). */
export function errorCodeFromWire(wire: number): ErrorCode {
  return CODE_BY_WIRE.get(wire) ?? 'internal';
}

export function errorCodeToWire(code: ErrorCode): number {
  return ERROR_CODES[code].wire;
}
