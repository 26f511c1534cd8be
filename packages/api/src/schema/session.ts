import * as z from 'zod';
import { timeUs } from './scalars.ts';

export const session = z
  .object({
    sessionToken: z.string().describe('For `Authorization: Bearer …`.'),
    account: z.string().describe('Account that the server gave.'),
    superuser: z.boolean().describe('Whether this session was raised to superuser.'),
    wrangler: z.boolean().describe('Whether this session was raised to wrangler.'),
    expiryTime: timeUs.describe('When it ends at the latest, µs; after an hour unused it ends as well.'),
  })
  .meta({ id: 'Session', description: 'A log-in.' });

export type Session = z.output<typeof session>;
