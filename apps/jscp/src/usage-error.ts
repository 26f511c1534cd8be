import { JetStreamError } from '@jetstream/protocol';

export function usageError(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (see jscp --help)`);
}
