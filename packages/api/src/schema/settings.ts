import * as z from 'zod';

export const bandwidthLimits = z
  .object({
    incomingRateLimit: z.int().nullable().describe('Of all that is received, kbit/s; null: none.'),
    outgoingRateLimit: z.int().nullable().describe('Of all that is sent, kbit/s; null: none.'),
    borrowIncomingRate: z.boolean().describe('Whether sending may use what receiving leaves idle.'),
    borrowOutgoingRate: z.boolean().describe('Whether receiving may use what sending leaves idle.'),
    frozen: z
      .boolean()
      .describe('Whether they were set on the command line, so that they cannot be changed.'),
  })
  .meta({ id: 'BandwidthLimits', description: 'Limits of the whole server.' });

export type BandwidthLimits = z.output<typeof bandwidthLimits>;

export const garbageCollectSettings = z
  .object({
    intervalSeconds: z.int().describe('Between two runs, s. Default 3,600.'),
    lifetimeSeconds: z
      .int()
      .describe('How long an ended transfer and an unused manifest are kept, s. Default 172,800 (48 h).'),
  })
  .meta({ id: 'GarbageCollectSettings', description: 'When what is no longer needed is removed.' });

export type GarbageCollectSettings = z.output<typeof garbageCollectSettings>;
