import * as z from 'zod';
import { ownerFields } from './owner.ts';
import { count, description, id, timeUs, tokenId } from './scalars.ts';
import { userData } from './user-data.ts';

export const tokenPermissions = z
  .strictObject({
    upload: z.boolean().describe('Write files.'),
    download: z.boolean().describe('List and read files, and send them elsewhere.'),
    delete: z.boolean().describe('Delete and rename files, and make directories.'),
    share: z.boolean().describe('Make shared links.'),
  })
  .meta({ id: 'TokenPermissions', description: 'What may be done with a token.' });

export type TokenPermissions = z.output<typeof tokenPermissions>;

const tokenFields = {
  token: tokenId.describe('Its id: nobody can log in with it.'),
  secret: z
    .string()
    .nullable()
    .describe('What one logs in with. Told once, to whoever made it; null ever after.'),
  description,
  creationTime: timeUs.describe('µs.'),
  expiryTime: timeUs.nullable().describe('µs; null: never.'),
  ...ownerFields,
  passwordRequired: z.boolean().describe('Whether a password has to be given with it.'),
  permissions: tokenPermissions.describe('What may be done with it.'),
  userData,
};

export const sharedToken = z
  .object({
    ...tokenFields,
    manifestId: id.describe('What is shared.'),
    downloadCount: count.describe('How often it was downloaded in full.'),
    downloadLimit: z.int().nullable().describe('How often it may be; null: no bound.'),
    link: z
      .string()
      .nullable()
      .describe(
        'jetstream:// link that jscp takes. Its host: --external-address or --recv-host of the server, else what the maker called the API by. Told once, as `secret`.',
      ),
  })
  .meta({ id: 'SharedToken', description: 'A shared link: a manifest that its holder may download.' });

export type SharedToken = z.output<typeof sharedToken>;

export const apiToken = z
  .object({
    ...tokenFields,
    path: z
      .string()
      .nullable()
      .describe('Directory that it is confined to, within what its owner may see; null: all.'),
  })
  .meta({ id: 'APIToken', description: 'A token that acts as its creator, with narrower rights.' });

export type APIToken = z.output<typeof apiToken>;
