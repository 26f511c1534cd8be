import * as z from 'zod';
import { timeUs } from './scalars.ts';

export const EVENT_NAMES = [
  'serverStarted',
  'serverStopping',
  'destinationCreated',
  'destinationUpdated',
  'destinationDeleted',
  'manifestCreated',
  'manifestUpdated',
  'manifestDeleted',
  'transferCreated',
  'transferUpdated',
  'transferDeleted',
  'transferProgress',
  'recvTransferUpdated',
  'tokenCreated',
  'tokenDeleted',
  'loggedIn',
  'loginRefused',
  'settingsUpdated',
] as const;
export type EventName = (typeof EVENT_NAMES)[number];

export const eventNames = z
  .array(z.enum(EVENT_NAMES))
  .max(100)
  .optional()
  .describe('Names; all when left out.');

export const event = z
  .looseObject({
    _event: z.string().describe('Name of the event, e.g. transferUpdated.'),
    _timestamp: timeUs.describe('µs.'),
  })
  .meta({ id: 'Event', description: 'Something that happened; the other keys are those of its structure.' });
