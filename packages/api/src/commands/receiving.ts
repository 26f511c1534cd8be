import * as z from 'zod';
import { receiveTransfer, receiveTransferStatus, source } from '../schema/receive-transfer.ts';
import { authorizedClient, authorizedClients } from '../schema/roles.ts';
import { publicKey, userName } from '../schema/scalars.ts';
import { type CommandDefinition, later, nothing, page } from './definition.ts';

const clientPublicKey = z
  .union([
    publicKey,
    z.strictObject({ clientPublicKey: publicKey }).transform((object) => object.clientPublicKey),
  ])
  .describe('Host key of a sending server: its `publicKey`. Also an object that has it as clientPublicKey.');

export const RECEIVE_COMMANDS = {
  'recv.getSourcesAsync': {
    summary: 'List who sends to this server',
    parameters: z.strictObject(page),
    ...later(z.array(source)),
    access: 'user',
  },
  'recv.getTransfersAsync': {
    summary: 'List what this server receives and has received',
    parameters: z.strictObject({
      ...page,
      status: receiveTransferStatus.optional().describe('In this status alone.'),
    }),
    ...later(z.array(receiveTransfer)),
    access: 'user',
  },
  'recv.addAuthorizedClientAsync': {
    summary: 'Trust the host key of a sending server',
    parameters: z.strictObject({
      clientPublicKey,
      account: userName
        .nullable()
        .default(null)
        .describe('Account that it acts as; null: as the user that it names, never as root.'),
    }),
    ...later(authorizedClient),
    access: 'superuser',
  },
  'recv.removeAuthorizedClientAsync': {
    summary: 'Trust it no longer',
    parameters: z.strictObject({ clientPublicKey }),
    ...later(z.null()),
    access: 'superuser',
  },
  'recv.allowOnlyAuthorizedClientsAsync': {
    summary: 'Let nobody connect to send or fetch whose host key is not listed, or everybody again',
    parameters: z.strictObject({
      onlyAuthorizedClientsAllowed: z.boolean().describe('Whether nobody else may connect.'),
    }),
    ...later(authorizedClients),
    access: 'superuser',
  },
  'recv.getAuthorizedClients': {
    summary: 'List the host keys that are trusted',
    parameters: nothing,
    result: authorizedClients,
    access: 'superuser',
  },
} as const satisfies Record<string, CommandDefinition>;
