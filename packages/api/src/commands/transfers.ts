import * as z from 'zod';
import { destination } from '../schema/destination.ts';
import { manifest } from '../schema/manifest.ts';
import { destinationId, manifestId, path, text, tokenId, transferId } from '../schema/scalars.ts';
import {
  DEFAULT_PRIORITY,
  OVERWRITE_ALWAYS,
  overwriteMode,
  skipRule,
  transfer,
  transferStatus,
} from '../schema/transfer.ts';
import { userData, userDataKey } from '../schema/user-data.ts';
import { type CommandDefinition, objectFilters } from './definition.ts';
import { createDestinationParameters } from './destinations.ts';
import { createManifestParameters, waitTimeoutMs } from './manifests.ts';

const priority = z.int().min(0).max(1_000_000).describe('Lower goes first.');

const transferSettings = {
  destinationPath: path.default('').describe('Parent of all files at the receiver.'),
  overwriteMode: overwriteMode.default(OVERWRITE_ALWAYS),
  skipRule: skipRule
    .default('by-status')
    .describe('When a file at a target is not sent: size and time are equal, digests are equal, never.'),
  verify: z.boolean().default(false).describe('Compares by digests and writes nothing.'),
  preserve: z.boolean().default(false).describe('Keeps full modes, and owners where that is allowed.'),
  readBack: z
    .boolean()
    .default(false)
    .describe('Reads each file from the receiver’s disk once more before it gets its name.'),
  checkpointFrequencySeconds: z
    .number()
    .min(0.1)
    .max(3_600)
    .nullable()
    .default(5)
    .describe('How often the receiver notes what is safe on its disk, s; null: never.'),
  priority: priority.default(DEFAULT_PRIORITY),
  userData: userData.default({}),
};

const someTransfer = z.strictObject({ transferId });

const someObject = {
  destinationId: destinationId.optional(),
  manifestId: manifestId.optional(),
  transferId: transferId.optional(),
  token: tokenId.optional().describe('Of a shared link.'),
};
type SomeObject = { [name in keyof typeof someObject]?: string | undefined };
const isOneObject = ({ destinationId, manifestId, transferId, token }: SomeObject) =>
  [destinationId, manifestId, transferId, token].filter((given) => given !== undefined).length === 1;
const ONE_OBJECT = 'takes one of destinationId, manifestId, transferId and token';

export const TRANSFER_COMMANDS = {
  'send.createTransfer': {
    summary: 'Send a manifest to a destination',
    parameters: z.strictObject({ destinationId, manifestId, ...transferSettings }),
    result: transfer,
    access: 'user',
  },
  'send.submitTransfer': {
    summary: 'Make destination, manifest and transfer at once',
    parameters: z
      .strictObject({
        destinationId: destinationId.optional(),
        destination: createDestinationParameters.optional().describe('In place of destinationId.'),
        manifestId: manifestId.optional(),
        manifest: createManifestParameters.optional().describe('In place of manifestId.'),
        transfer: z.strictObject(transferSettings).prefault({}).describe('As createTransfer has them.'),
      })
      .refine((given) => (given.destinationId === undefined) !== (given.destination === undefined), {
        message: 'takes either destinationId or destination',
        path: ['destination'],
      })
      .refine((given) => (given.manifestId === undefined) !== (given.manifest === undefined), {
        message: 'takes either manifestId or manifest',
        path: ['manifest'],
      }),
    result: z
      .object({
        destination: destination.describe('Made, or found.'),
        manifest: manifest.describe('Made, or found.'),
        transfer: transfer.describe('Made.'),
      })
      .meta({ id: 'SubmittedTransfer' }),
    access: 'user',
  },
  'send.getTransfer': {
    summary: 'Tell about a transfer',
    parameters: someTransfer,
    result: transfer,
    access: 'user',
  },
  'send.getTransfers': {
    summary: 'List transfers',
    parameters: z.strictObject({
      ...objectFilters,
      status: z
        .union([transferStatus, z.array(transferStatus).min(1).max(transferStatus.options.length)])
        .transform((status) => (typeof status === 'string' ? [status] : status))
        .optional()
        .describe('In one of these statuses; one may stand by itself.'),
      destinationId: destinationId.optional(),
      manifestId: manifestId.optional(),
    }),
    result: z.array(transfer),
    access: 'user',
  },
  'send.waitForTransfer': {
    summary: 'Wait until a transfer is neither pending nor in progress',
    parameters: z.strictObject({ transferId, timeoutMs: waitTimeoutMs }),
    result: transfer,
    access: 'user',
  },
  'send.updateTransfer': {
    summary: 'Change a transfer; what is left out stays',
    parameters: z.strictObject({
      transferId,
      priority: priority.optional(),
      userData: userData.optional().describe('In place of all that there were.'),
    }),
    result: transfer,
    access: 'user',
  },
  'send.suspendTransfer': {
    summary: 'Have a transfer wait until it is resumed',
    parameters: someTransfer,
    result: transfer,
    access: 'user',
  },
  'send.resumeTransfer': {
    summary: 'Have a transfer that was suspended, or failed, go on',
    parameters: someTransfer,
    result: transfer,
    access: 'user',
  },
  'send.cancelTransfer': {
    summary: 'End a transfer for good',
    parameters: someTransfer,
    result: transfer,
    access: 'user',
  },
  'send.failTransfer': {
    summary: 'End a transfer with an error',
    parameters: z.strictObject({
      transferId,
      errorMessage: text.min(1).default('failed on request').describe('Why.'),
    }),
    result: transfer,
    access: 'user',
  },
  'send.deleteTransfer': {
    summary: 'Delete a transfer that is neither pending nor in progress',
    parameters: someTransfer,
    result: z.null(),
    access: 'user',
  },
  'send.updateObjectUserData': {
    summary: 'Add user data to an object; keys that there are already get the new value',
    parameters: z.strictObject({ ...someObject, userData }).refine(isOneObject, ONE_OBJECT),
    result: userData,
    access: 'user',
  },
  'send.deleteObjectUserData': {
    summary: 'Take user data of an object away',
    parameters: z
      .strictObject({
        ...someObject,
        keys: z.array(userDataKey).max(64).optional().describe('All when left out.'),
      })
      .refine(isOneObject, ONE_OBJECT),
    result: userData,
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
