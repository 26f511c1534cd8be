import type { ApiHandlers } from '@jetstream/api';
import type { Destinations } from './destinations.ts';

export type DestinationCommands = Pick<
  ApiHandlers,
  | 'send.createDestination'
  | 'send.getDestination'
  | 'send.getDestinations'
  | 'send.updateDestination'
  | 'send.deleteDestination'
  | 'send.setSendRateAsync'
  | 'send.getConnection'
  | 'send.getConnections'
>;

export function destinationCommands(destinations: Destinations): DestinationCommands {
  return {
    'send.createDestination': async (parameters, caller) =>
      destinations.describe(await destinations.create(parameters, caller)),

    'send.getDestination': ({ destinationId }, caller) =>
      destinations.describe(destinations.find(destinationId, caller)),

    'send.getDestinations': ({ destinationAddress, encryptedConnectionState: state, ...filters }, caller) =>
      destinations
        .list(
          filters,
          caller,
          (record) =>
            (destinationAddress === undefined || record.destinationAddress === destinationAddress) &&
            (state === undefined || state === destinations.stateOf(record.destinationId)),
        )
        .map((record) => destinations.describe(record)),

    'send.updateDestination': async ({ destinationId, ...changes }, caller) =>
      destinations.describe(await destinations.update(destinationId, changes, caller)),

    async 'send.deleteDestination'({ destinationId }, caller) {
      await destinations.delete(destinationId, caller);
      return null;
    },

    'send.setSendRateAsync': async (parameters, caller) =>
      destinations.describe(await destinations.setSendRate(parameters, caller)),

    // A connection has the id of its destination.
    'send.getConnection': ({ connectionId }, caller) =>
      destinations.describeConnection(destinations.find(connectionId, caller)),

    'send.getConnections': ({ destinationId, ...filters }, caller) =>
      destinations
        .list(
          filters,
          caller,
          (record) => destinationId === undefined || record.destinationId === destinationId,
        )
        .map((record) => destinations.describeConnection(record)),
  };
}
