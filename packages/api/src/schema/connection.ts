import * as z from 'zod';
import { count, destinationId, errorCode, id, timeUs } from './scalars.ts';

export const encryptedConnectionState = z.enum(['disconnected', 'negotiating', 'connected']);

/** The network part, shared by destinations and connections. */
export const connectionFields = {
  connectionId: id.describe('Of the connection: there is one for each destination.'),
  destinationId,
  destinationIP: z.string().nullable().describe('Address in use; null before the name was looked up.'),
  destinationPort: count.describe('UDP port of the destination.'),
  destinationPublicKey: z
    .string()
    .nullable()
    .describe('Host key that the destination showed, base64 of 32 bytes; null before contact.'),
  encryptedConnectionState: encryptedConnectionState.describe('State of the encrypted link.'),
  encryptionEnabled: z.boolean().describe('Always true.'),
  lastDestinationServerId: z
    .string()
    .nullable()
    .describe('serverId of the destination; null before contact.'),
  lastDestinationServerUid: z
    .string()
    .nullable()
    .describe('serverUid of the destination; null before contact.'),
  lastError: errorCode
    .nullable()
    .describe('Code of the last error of the link; null once it is connected again.'),
  lastErrorMessage: z.string().nullable().describe('The same in words.'),
  lastRecvTime: timeUs.nullable().describe('When a packet last came in, µs.'),
  lastSendTime: timeUs.nullable().describe('When a packet was last sent, µs.'),
  numTransfersQueued: count.describe('Transfers that are pending or in progress.'),
};

export const connection = z
  .object({
    ...connectionFields,
    rateControllerActive: z
      .boolean()
      .describe('Whether the rate adapts to the path: all policies but fixed.'),
    rateControlMethod: z.string().describe('Algorithm: bbr, cubic, ledbat or fixed.'),
    relayIP: z.string().nullable().describe('Of the relay; null without.'),
    relayPort: z.int().nullable().describe('Of the relay; null without.'),
    roundTripTimeMs: z.number().nullable().describe('Smoothed round trip, ms; null while not connected.'),
  })
  .meta({ id: 'Connection', description: 'The link to a destination.' });

export type Connection = z.output<typeof connection>;
