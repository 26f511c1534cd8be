import { JetStreamError } from '@jetstream/protocol';

/** The peer did what the protocol forbids: the whole transfer fails. */
export function violation(message: string): JetStreamError {
  return new JetStreamError('protocol-violation', message);
}
