import pino from 'pino';

export type Logger = pino.Logger;

const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** JSON lines on stderr: stdout belongs to the readiness line. Nothing secret is ever handed to it; `redact` is the second lock. */
export function createLogger(level: string): Logger {
  const stderr = pino.destination({ fd: 2, sync: true });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['password', '*.password', 'privateKey', '*.privateKey'],
    },
    { write: (line) => stderr.write(printable(line)) },
  );
}

/** A line of JSON with what a terminal would act on as escapes: JSON itself writes C0 so, and neither C1 nor what turns text round. */
export function printable(line: string): string {
  return line.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
