import { errorCodeFromWire, errorCodeToWire, JetStreamError, type TransferFailed } from '@jetstream/protocol';

/** What was caught, as our own error; anything else is a fault of ours. */
export function asJetStreamError(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  return new JetStreamError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

/** Why we end the transfer. */
export function failureToWire({ code, message, subject = '' }: JetStreamError): TransferFailed {
  return { errorCode: errorCodeToWire(code), message, subject };
}

/** Why the peer ended the transfer. */
export function failureFromWire({ errorCode, message, subject }: TransferFailed): JetStreamError {
  return new JetStreamError(errorCodeFromWire(errorCode), message, { subject });
}
