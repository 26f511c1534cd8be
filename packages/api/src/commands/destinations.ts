import * as z from 'zod';
import { connection, encryptedConnectionState } from '../schema/connection.ts';
import { destination, ratePolicy } from '../schema/destination.ts';
import {
  connectionId,
  description,
  destinationId,
  hostAddress,
  password,
  port,
  publicKey,
  rateKbps,
  tokenSecret,
  transferId,
  userName,
} from '../schema/scalars.ts';
import { userData } from '../schema/user-data.ts';
import { type CommandDefinition, later, objectFilters } from './definition.ts';

const credentials = {
  password: password.optional().describe('Of the user at the destination. Kept encrypted, never given out.'),
  privateKey: z
    .string()
    .min(1)
    .max(16_384)
    .optional()
    .describe('OpenSSH Ed25519 private key without passphrase. Kept encrypted, never given out.'),
  token: tokenSecret
    .optional()
    .describe('Secret of an API token of the destination. Kept encrypted, never given out.'),
  tokenPassword: password.optional().describe('Of that token.'),
};

type Credentials = { [name in keyof typeof credentials]?: string | undefined };
const isOneCredential = ({ password, privateKey, token, tokenPassword }: Credentials) =>
  [password, privateKey, token].filter((given) => given !== undefined).length <= 1 &&
  (tokenPassword === undefined || token !== undefined);
const ONE_CREDENTIAL = 'takes one of password, privateKey and token (which may have a tokenPassword)';

const sendRateMax = rateKbps.nullable().describe('Most that is sent, kbit/s; null: no bound.');
const fixedNeedsRate = (given: { ratePolicy: string; sendRateMax: number | null }) =>
  given.ratePolicy !== 'fixed' || given.sendRateMax !== null;

export const createDestinationParameters = z
  .strictObject({
    destinationAddress: hostAddress.describe(
      'Host name or address; `:PORT` may follow, but not an IPv6 address.',
    ),
    destinationPort: port.default(8_886).describe('UDP port.'),
    userName: userName.optional().describe('User at the destination. Default: own account.'),
    ...credentials,
    permittedDestinationPublicKey: publicKey
      .nullable()
      .default(null)
      .describe('Host key that the destination must have; null: the first one is kept.'),
    sendRateMax: sendRateMax.default(null),
    ratePolicy: ratePolicy
      .default('fair')
      .describe('How hard it competes for the path. fixed sends at sendRateMax.'),
    sourcePort: z.int().min(0).max(65_535).default(0).describe('Own UDP port; 0: any free one.'),
    description: description.default(''),
    userData: userData.default({}),
  })
  .refine(isOneCredential, ONE_CREDENTIAL)
  .refine(fixedNeedsRate, { message: 'is needed by ratePolicy fixed', path: ['sendRateMax'] });

const someDestination = z.strictObject({ destinationId });

export const DESTINATION_COMMANDS = {
  'send.createDestination': {
    summary: 'Make a destination, or give the one that has the same parameters',
    parameters: createDestinationParameters,
    result: destination,
    access: 'user',
  },
  'send.getDestination': {
    summary: 'Tell about a destination',
    parameters: someDestination,
    result: destination,
    access: 'user',
  },
  'send.getDestinations': {
    summary: 'List destinations',
    parameters: z.strictObject({
      ...objectFilters,
      destinationAddress: hostAddress.optional().describe('To this host alone.'),
      encryptedConnectionState: encryptedConnectionState.optional().describe('In this state alone.'),
    }),
    result: z.array(destination),
    access: 'user',
  },
  'send.updateDestination': {
    summary: 'Change a destination; what is left out stays',
    parameters: z
      .strictObject({
        destinationId,
        userName: userName.optional().describe('User at the destination.'),
        ...credentials,
        permittedDestinationPublicKey: publicKey
          .nullable()
          .optional()
          .describe('Host key that the destination must have; null: the first one is kept.'),
        sendRateMax: sendRateMax.optional(),
        ratePolicy: ratePolicy.optional().describe('How hard it competes for the path.'),
        sourcePort: z.int().min(0).max(65_535).optional().describe('Own UDP port; 0: any free one.'),
        description: description.optional(),
        userData: userData.optional().describe('In place of all that there were.'),
      })
      .refine(isOneCredential, ONE_CREDENTIAL),
    result: destination,
    access: 'user',
  },
  'send.deleteDestination': {
    summary: 'Delete a destination that no transfer waits for',
    parameters: someDestination,
    result: z.null(),
    access: 'user',
  },
  'send.setSendRateAsync': {
    summary: 'Change how fast is sent to a destination, while transfers run',
    parameters: z
      .strictObject({
        destinationId: destinationId.optional(),
        transferId: transferId.optional().describe('In place of destinationId: that of this transfer.'),
        sendRateMax,
      })
      .refine(
        ({ destinationId, transferId }) => (destinationId === undefined) !== (transferId === undefined),
        'takes either destinationId or transferId',
      ),
    ...later(destination),
    access: 'user',
  },
  'send.getConnection': {
    summary: 'Tell about the link to a destination',
    parameters: z.strictObject({ connectionId }),
    result: connection,
    access: 'user',
  },
  'send.getConnections': {
    summary: 'List the links to destinations',
    parameters: z.strictObject({ ...objectFilters, destinationId: destinationId.optional() }),
    result: z.array(connection),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
