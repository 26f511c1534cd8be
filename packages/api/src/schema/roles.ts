import * as z from 'zod';
import { publicKey } from './scalars.ts';

export const wrangler = z
  .object({
    user: z.string().nullable().describe('An account, or null.'),
    group: z.string().nullable().describe('A group, or null.'),
  })
  .meta({ id: 'Wrangler', description: 'Who may act upon objects of others.' });

export type Wrangler = z.output<typeof wrangler>;

export const authorizedClient = z
  .object({
    clientPublicKey: publicKey.describe('Host key of a sending server: its `publicKey`.'),
    account: z
      .string()
      .nullable()
      .describe('Account that it acts as; null: as the user that it names, never as root.'),
  })
  .meta({ id: 'AuthorizedClient' });

export type AuthorizedClient = z.output<typeof authorizedClient>;

export const authorizedClients = z
  .object({
    onlyAuthorizedClientsAllowed: z.boolean().describe('Whether nobody else may connect.'),
    clients: z.array(authorizedClient).describe('Those that are listed.'),
  })
  .meta({ id: 'AuthorizedClients' });

export type AuthorizedClients = z.output<typeof authorizedClients>;
