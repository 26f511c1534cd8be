import * as z from 'zod';
import { errorCode, errorMessage, requestId } from './scalars.ts';

export const request = z
  .object({ requestId })
  .meta({ id: 'Request', description: 'Work that goes on by itself.' });

export type Request = z.output<typeof request>;

export const requestStatus = z
  .object({
    requestId,
    status: z.enum(['processing', 'complete', 'error']).describe('How it stands.'),
    processing: z.boolean().describe('Whether the work goes on.'),
    errorMessage: errorMessage.nullable(),
    errorCode: errorCode.nullable(),
  })
  .meta({ id: 'RequestStatus' });

export type RequestStatus = z.output<typeof requestStatus>;
