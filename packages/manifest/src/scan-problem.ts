import { type ErrorCode, JetStreamError } from '@jetstream/protocol';

/** A thing that is not sent, and why; the others go on. */
export interface ScanProblem {
  /** Its path at the source, escaped. */
  source: string;
  code: ErrorCode;
  message: string;
}

/** Why something is not sent. @throws what is no `JetStreamError` */
export function scanProblem(source: string, error: unknown): ScanProblem {
  if (!(error instanceof JetStreamError)) throw error;
  const message = error.message.includes(source) ? error.message : `${source}: ${error.message}`;
  return { source, code: error.code, message };
}
