import { errorCodeFromWire, JetStreamError, type TransferFailed } from '@jetstream/protocol';

/** What was caught, as our own error; anything else is a fault of ours. */
export function asJetStreamError(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  return new JetStreamError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

/** Why the peer ended the transfer. */
export function failureFromWire({ errorCode, message, subject }: TransferFailed): JetStreamError {
  return new JetStreamError(errorCodeFromWire(errorCode), message, { subject });
}
