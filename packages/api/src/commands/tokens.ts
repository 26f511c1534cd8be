import * as z from 'zod';
import { description, manifestId, password, path, timeUs, tokenId } from '../schema/scalars.ts';
import { apiToken, sharedToken, tokenPermissions } from '../schema/token.ts';
import { userData } from '../schema/user-data.ts';
import { type CommandDefinition, objectFilters } from './definition.ts';

const tokenParameters = {
  description: description.default(''),
  password: password.optional().describe('Has to be given with the token.'),
  expiryTime: timeUs.optional().describe('When it ends, µs.'),
  lifetime: z
    .string()
    .regex(/^[1-9]\d{0,5}[mhdw]$/, 'is no number with m, h, d or w, as in 3d')
    .optional()
    .describe('When it ends, from now: 30m, 12h, 3d, 2w. Default: never.'),
  userData: userData.default({}),
};
const endsOnce = (end: { expiryTime?: number | undefined; lifetime?: string | undefined }) =>
  end.expiryTime === undefined || end.lifetime === undefined;
const ENDS_ONCE = 'takes expiryTime or lifetime, not both';

const someToken = z.strictObject({ token: tokenId });

export const API_TOKEN_COMMANDS = {
  createAPIToken: {
    summary: 'Make a token that acts as its creator, with narrower rights',
    parameters: z
      .strictObject({
        ...tokenParameters,
        permissions: tokenPermissions
          .partial()
          .transform((given) => ({ upload: true, download: true, delete: false, share: false, ...given }))
          .pipe(tokenPermissions)
          .default({ upload: true, download: true, delete: false, share: false })
          .describe('What may be done with it; of what is left out the default.'),
        path: path
          .nullable()
          .default(null)
          .describe('Directory that it is confined to; null: all that its creator sees.'),
      })
      .refine(endsOnce, ENDS_ONCE),
    result: apiToken,
    access: 'user',
  },
  getAPIToken: {
    summary: 'Tell about an API token',
    parameters: someToken,
    result: apiToken,
    access: 'user',
  },
  getAPITokens: {
    summary: 'List API tokens',
    parameters: z.strictObject(objectFilters),
    result: z.array(apiToken),
    access: 'user',
  },
  deleteAPIToken: {
    summary: 'Revoke an API token',
    parameters: someToken,
    result: z.null(),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;

export const SHARED_TOKEN_COMMANDS = {
  'send.createSharedToken': {
    summary: 'Make a link by which a manifest can be downloaded',
    parameters: z
      .strictObject({
        ...tokenParameters,
        manifestId,
        downloadLimit: z
          .int()
          .min(1)
          .max(1_000)
          .nullable()
          .default(null)
          .describe('How often it may be downloaded; null: no bound.'),
      })
      .refine(endsOnce, ENDS_ONCE),
    result: sharedToken,
    access: 'user',
  },
  'send.getSharedToken': {
    summary: 'Tell about a shared link',
    parameters: someToken,
    result: sharedToken,
    access: 'user',
  },
  'send.getSharedTokens': {
    summary: 'List shared links',
    parameters: z.strictObject({ ...objectFilters, manifestId: manifestId.optional() }),
    result: z.array(sharedToken),
    access: 'user',
  },
  'send.deleteSharedToken': {
    summary: 'Revoke a shared link',
    parameters: someToken,
    result: z.null(),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
