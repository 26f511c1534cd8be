import { displayPath } from '@jetstream/manifest';
import { fileError } from '@jetstream/platform';
import { ERROR_CODES, type ErrorCode, JetStreamError } from '@jetstream/protocol';

/** What a person can do about it. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'free space at the receiver and run the copy again',
  'quota-exceeded': 'free space of the account or raise its quota, and run the copy again',
  'too-many-open-files': 'raise the limit (ulimit -n) and run the copy again',
  'permission-denied': 'change the permissions or use another account',
  'read-only': 'mount it writable or choose another target',
  'is-a-directory': 'choose another target name',
  'not-a-directory': 'choose another target path',
  'path-refused': 'look for a symlink in it',
  'name-invalid': 'rename it',
  'io-error': 'check the disk and run the copy again',
};

/** What needs nothing that was there before the copy but directories that it has found or made. */
const MAKING: ReadonlySet<string> = new Set(['creating it', 'giving it its name']);

/**
 * Names a failed file operation for people: which path, what went wrong while doing what, and what to do about it. What is no
 * system error is a fault of ours, and comes back as it is.
 * @param doing as in "while ...", e.g. "writing"
 * @param components of the path beneath the root: what lies above the root is nobody's business
 */
export function operationFailed(error: unknown, doing: string, components: readonly string[]): Error {
  const subject = `/${components.join('/')}`;
  if (error instanceof JetStreamError && error.subject === subject) return error;
  const shown = displayPath(components);
  const { code, message } = fileError(error, shown);
  if (code === 'internal') return error as Error;
  if (code === 'not-found' && MAKING.has(doing)) {
    const gone = `${shown}: somebody removed it or its directory, while ${doing}; run the copy again`;
    return new JetStreamError(code, gone, { subject, cause: error });
  }
  const what = code === 'io-error' ? message : `${shown}: ${ERROR_CODES[code].meaning}`;
  const advice = ADVICE[code] === undefined ? '' : `; ${ADVICE[code]}`;
  return new JetStreamError(code, `${what}, while ${doing}${advice}`, { subject, cause: error });
}

/** Lets only our own errors pass as a file's failure; anything else is a fault and is thrown on. */
export function asFileFailure(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  throw error;
}

/** Some file systems have no modes and times to set; content is what counts. @returns false: it was refused */
export function unlessRefused(operation: () => void): boolean {
  try {
    operation();
    return true;
  } catch (error) {
    if (asFileFailure(error).code !== 'permission-denied') throw error;
    return false;
  }
}
