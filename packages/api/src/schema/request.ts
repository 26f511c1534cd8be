import { z } from 'zod';
import { errorCode, id } from './scalars.ts';

export const request = z
  .object({ requestId: id })
  .meta({ id: 'Request', description: 'Work that goes on by itself.' });

export type Request = z.output<typeof request>;

export const requestStatus = z
  .object({
    requestId: id,
    status: z.enum(['processing', 'complete', 'error']),
    processing: z.boolean(),
    errorMessage: z.string().nullable(),
    errorCode: errorCode.nullable(),
  })
  .meta({ id: 'RequestStatus' });

export type RequestStatus = z.output<typeof requestStatus>;
