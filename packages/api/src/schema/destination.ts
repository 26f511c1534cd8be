import * as z from 'zod';
import { connectionFields } from './connection.ts';
import { ownerFields } from './owner.ts';
import { description, timeUs } from './scalars.ts';
import { userData } from './user-data.ts';

export const ratePolicy = z.enum(['low', 'fair', 'high', 'fixed']);
export const credentialsKind = z.enum(['none', 'password', 'key', 'token']);

export const destination = z
  .object({
    ...connectionFields,
    ...ownerFields,
    destinationAddress: z.string().describe('Host name or address.'),
    permittedDestinationPublicKey: z
      .string()
      .nullable()
      .describe('Host key that the destination must have, base64 of 32 bytes; null: the first one is kept.'),
    sendRateMax: z.int().nullable().describe('Most that is sent to it, kbit/s; null: no bound.'),
    ratePolicy: ratePolicy.describe('How hard it competes for the path: low, fair, high or fixed.'),
    userData,
    userName: z.string().describe('User at the destination.'),
    credentials: credentialsKind.describe('Kind of the credentials kept for the destination.'),
    sourcePort: z.int().describe('Own UDP port; 0: any free one.'),
    description: description.describe('As given.'),
    creationTime: timeUs.describe('µs.'),
  })
  .meta({ id: 'Destination', description: 'A server that files can be sent to.' });

export type Destination = z.output<typeof destination>;
