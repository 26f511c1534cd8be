import { JetStreamError } from '@jetstream/protocol';

/** What was caught, as our own error; anything else is a fault of ours. */
export function asJetStreamError(error: unknown): JetStreamError {
  if (error instanceof JetStreamError) return error;
  return new JetStreamError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
