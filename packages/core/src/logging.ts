import pino from 'pino';

export type Logger = pino.Logger;

/** JSON lines on stderr: stdout belongs to the readiness line. Nothing secret is ever handed to it; `redact` is the second lock. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['password', '*.password', 'privateKey', '*.privateKey'],
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
