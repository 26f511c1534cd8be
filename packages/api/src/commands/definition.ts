import * as z from 'zod';
import { type Request, request } from '../schema/request.ts';
import { DEFAULT_LIST, MAX_LIST, timeUs, userName } from '../schema/scalars.ts';

export type Access = 'anyone' | 'user' | 'superuser';

/** A command of the API: all there is to know of it but what it does. */
export interface CommandDefinition {
  /** One line, in the imperative. */
  readonly summary: string;
  /** Named arguments; a name that is not among them is refused. */
  readonly parameters: z.ZodObject;
  readonly result: z.ZodType;
  /** Who may call it: anyone, whoever is logged in, or a session raised to superuser. */
  readonly access: Access;
  /** Of commands that end in `Async`, whose result is a Request: what getRequestResult gives in the end. */
  readonly work?: z.ZodType;
}

/** What a command takes that takes nothing. */
export const nothing = z.strictObject({});

/** Makes the result of an `…Async` command of what its work gives. */
export function later<T extends z.ZodType>(work: T): { result: z.ZodType<Request>; work: T } {
  return { result: request, work };
}

/** How lists are bounded. */
export const page = {
  limit: z.int().min(1).max(MAX_LIST).default(DEFAULT_LIST).describe('Most that are given.'),
  offset: z.int().min(0).default(0).describe('How many are passed over first.'),
};

/** How lists of objects are narrowed down. They are in order of their making. */
export const objectFilters = {
  ...page,
  order: z.enum(['oldest', 'newest']).default('oldest').describe('Which come first.'),
  owner: userName
    .optional()
    .describe('Objects of this account alone. Others are seen by superusers and wranglers alone.'),
  since: timeUs.optional().describe('Made at this time or later, µs.'),
  until: timeUs.optional().describe('Made before this time, µs.'),
  userData: z
    .record(z.string().max(64), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe('Objects whose user data have these values.'),
};
