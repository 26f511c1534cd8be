import type { Destination } from '@jetstream/api';
import type { ServiceEvents } from '../events.ts';
import { destinationArguments } from './trigger-arguments.ts';
import type { Triggers } from './triggers.ts';

/**
 * Lets triggers follow the events of the service, where no record has to be kept together with them.
 * @param ownAddress that this server listens on; undefined: on all
 */
export function followEvents(triggers: Triggers, events: ServiceEvents, ownAddress = '0.0.0.0'): void {
  events.on('serverStarted', ({ apiControlPort }) => {
    if (typeof apiControlPort === 'number') triggers.fire('launch', [String(apiControlPort)]);
  });
  for (const name of ['destinationCreated', 'destinationDeleted'] as const)
    events.on(name, (event) =>
      triggers.fire(`send.${name}`, destinationArguments(event as unknown as Destination, ownAddress)),
    );
}
