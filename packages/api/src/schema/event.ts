import * as z from 'zod';
import { timeUs } from './scalars.ts';

export const event = z
  .looseObject({
    _event: z.string().describe('Name of the event, e.g. transferUpdated.'),
    _timestamp: timeUs.describe('µs.'),
  })
  .meta({ id: 'Event', description: 'Something that happened; the other keys are those of its structure.' });
