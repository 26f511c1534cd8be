import { JetStreamError } from '@jetstream/protocol';

export function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (see jetstream api --help)`);
}
