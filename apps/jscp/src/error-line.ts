import type { FileOutcome } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { printable } from './printable.ts';

/** Any thrown value as the one kind of error that we report. */
export function asJetStreamError(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new JetStreamError('internal', `internal error: ${message} (JETSTREAM_DEBUG=1 shows where)`, {
    cause: error,
  });
}

/**
 * One line for standard error; with JETSTREAM_DEBUG set, the stack as well.
 * @param host named when the error itself names nothing
 */
export function errorLine(error: JetStreamError, host?: string): string {
  const named = host === undefined || error.subject !== undefined || error.message.includes(host);
  const line = `jscp: ${printable(named ? error.message : `${host}: ${error.message}`)}`;
  if (!process.env.JETSTREAM_DEBUG) return line;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${line}\n${error.stack}${cause}`;
}

/** Names the file, unless its message does so itself, and says what to do where only this program knows. */
export function failedFileLine({ source, target, error }: FileOutcome): string {
  const message = error?.message ?? 'not copied';
  const named = message.includes(source) || message.includes(target);
  const hint = error?.code === 'is-a-directory' ? '; end the target with / to copy into it' : '';
  return `jscp: ${printable(named ? message : `${source}: ${message}`)}${hint}`;
}

/** Of a comparison. */
export function missingFileLine({ target }: FileOutcome): string {
  return `jscp: ${printable(target)} is not there`;
}
