import { type ErrorCode, JetStreamError } from '@jetstream/protocol';

/** LevelDB passes on what the system said as text only. */
const CODE_BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no space left/i, 'disk-full'],
  [/quota exceeded/i, 'quota-exceeded'],
  [/read-only/i, 'read-only'],
  [/permission denied|operation not permitted/i, 'permission-denied'],
  [/too many open files/i, 'too-many-open-files'],
  [/input\/output error/i, 'io-error'],
];

interface LevelError {
  code?: string;
  message: string;
  cause?: LevelError;
}

/** Another process has the database open. */
export function isLocked(error: unknown): boolean {
  return causeOf(error).code === 'LEVEL_LOCKED';
}

/** What is stored is not what was stored; a disk that is full, broken or forbidden is another thing. */
export function isDamage(error: unknown): boolean {
  const { code, message } = causeOf(error);
  if (code === 'LEVEL_CORRUPTION') return true;
  return code === 'LEVEL_IO_ERROR' && !CODE_BY_TEXT.some(([text]) => text.test(message));
}

/** As `JetStreamError` about the directory. */
export function databaseError(error: unknown, directory: string): JetStreamError {
  if (error instanceof JetStreamError) return error;
  const { message } = causeOf(error);
  const code = CODE_BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'io-error';
  return new JetStreamError(code, `the state in ${directory} cannot be used: ${message}`, {
    subject: directory,
    cause: error,
  });
}

function causeOf(error: unknown): LevelError {
  const { cause } = error as LevelError;
  return cause ?? (error as LevelError);
}
