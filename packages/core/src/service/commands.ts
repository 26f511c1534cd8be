import type { ApiHandlers } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';
import type { ServicePart } from './part.ts';

/** The commands of all parts. @throws JetStreamError `internal` when two parts answer the same one */
export function mergeCommands(parts: readonly ServicePart[]): Partial<ApiHandlers> {
  const merged: Partial<ApiHandlers> = {};
  for (const { commands = {} } of parts) {
    for (const [name, handler] of Object.entries(commands)) {
      if (name in merged) throw new JetStreamError('internal', `two parts of the service answer ${name}`);
      Object.assign(merged, { [name]: handler });
    }
  }
  return merged;
}
