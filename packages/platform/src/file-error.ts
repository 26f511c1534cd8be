import { constants } from 'node:os';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';

const CODE_BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EEXIST: 'already-exists',
  ENOTEMPTY: 'already-exists',
  EISDIR: 'is-a-directory',
  ENOTDIR: 'not-a-directory',
  ELOOP: 'path-refused',
  EXDEV: 'path-refused',
  ENXIO: 'special-file',
  ENODEV: 'special-file',
  ENAMETOOLONG: 'name-invalid',
  EILSEQ: 'name-invalid',
  ENOSPC: 'disk-full',
  EDQUOT: 'quota-exceeded',
  EROFS: 'read-only',
  EMFILE: 'too-many-open-files',
  ENFILE: 'too-many-open-files',
};

/**
 * Turns a system error of a file operation into a JetStreamError that names `subject`; a JetStreamError passes through.
 * Whatever errno is not listed is `io-error`, and what is no system error at all is `internal`.
 */
export function fileError(error: unknown, subject: string): JetStreamError {
  if (error instanceof JetStreamError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) {
    return new JetStreamError('internal', `${subject}: ${String(error)}`, { subject, cause: error });
  }
  const code = CODE_BY_ERRNO[errno] ?? 'io-error';
  return new JetStreamError(code, `${subject}: ${meaningOf(error as Error, errno)}`, {
    subject,
    cause: error,
  });
}

/** Node names the errors that its libuv knows, and numbers the others: EDQUOT is one of those. */
function errnoOf(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code;
  if (typeof errno !== 'number') return undefined;
  if (errno === -constants.errno.EDQUOT) return 'EDQUOT';
  return `errno ${-errno}`;
}

/** "no such file or directory" out of "ENOENT: no such file or directory, open '/proc/self/fd/7/x'". */
function meaningOf(error: Error, errno: string): string {
  if (errno === 'EDQUOT') return 'disk quota exceeded';
  return /^E[A-Z0-9]+: ([^,]+),/.exec(error.message)?.[1] ?? errno;
}
