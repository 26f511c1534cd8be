import { ERROR_CODES, type ErrorCode } from '@jetstream/protocol';
import * as z from 'zod';

export const apiError = z
  .object({
    error: z
      .object({
        code: z
          .enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]])
          .describe('Never changes its meaning; docs/ERRORS.md lists all.'),
        message: z.string().describe('One line for people.'),
        subject: z.string().nullable().describe('File, host or object concerned.'),
        field: z.string().nullable().describe('Parameter that is of no use, e.g. `fileMappings[3].source`.'),
        retryable: z
          .boolean()
          .describe('Whether the same may succeed later without anybody changing anything.'),
      })
      .describe('What went wrong.'),
  })
  .meta({ id: 'Error', description: 'Why there is no result.' });

export type ErrorBody = z.output<typeof apiError>;
