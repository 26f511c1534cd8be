import * as z from 'zod';
import { count, timeUs } from './scalars.ts';
import { bandwidthLimits, garbageCollectSettings } from './settings.ts';

/** Grows with each change of the interface that a client could notice. */
export const API_VERSION = 100;
/** The levels of product.md; this server knows the last alone. */
export const MIN_CIPHER_ENCRYPTED_256 = 3;

export const license = z.object({
  licensed: z.boolean().describe('Always true: no key is needed.'),
  license: z.string().describe('SPDX identifier: Apache-2.0.'),
});

export const serverInformation = z
  .object({
    allowRemoteControl: z.boolean().describe('Whether other hosts may use the API.'),
    apiControlPort: z.int().describe('TCP port of the API.'),
    APITokensAvailable: z.boolean().describe('Whether API tokens can be made and used.'),
    apiVersion: z.int().describe('Of the interface; a client may refuse what it does not know.'),
    authRequired: z.boolean().describe('Always true.'),
    bandwidthLimits: bandwidthLimits.nullable().describe('Null while not logged in.'),
    certificateValidation: z.number().describe('Days until the certificate expires; negative: it has.'),
    configuration: z
      .object({
        garbageCollect: garbageCollectSettings.describe('As updateGarbageCollectSettings set them.'),
        persistentStateDir: z.string().nullable().describe('Null: nothing is kept.'),
        persistentDestinations: z.boolean().describe('Whether destinations are kept over a restart.'),
        persistentTransfers: z.boolean().describe('Whether transfers are kept over a restart.'),
        sandboxDir: z.string().nullable().describe('Directory that users are confined to; null: none.'),
        triggerDir: z.string().nullable().describe('Directory of triggers; null: none.'),
      })
      .nullable()
      .describe('Of superusers alone; null for others.'),
    encryptionAvailable: z.boolean().describe('Always true.'),
    eventLogAvailable: z.boolean().describe('Whether getEventLog has anything to give.'),
    hostName: z.string().describe('Of the machine.'),
    license: license.describe('On what terms it runs.'),
    minCipher: z.int().describe('Lowest cipher accepted: always 3 (AES-256).'),
    multiplexAvailable: z.boolean().describe('Whether one port sends and receives.'),
    publicKey: z.string().describe('Host key of the server, base64 of 32 bytes.'),
    receiver: z
      .object({
        ports: z.array(z.int()).describe('UDP ports that receive.'),
        relayIP: z.string().nullable().describe('Of the relay; null without.'),
        relayPort: z.int().nullable().describe('Of the relay; null without.'),
        onlyAuthorizedClientsAllowed: z.boolean().describe('Whether only listed keys may connect.'),
      })
      .describe('Of what receives.'),
    revision: z.int().describe('Of the build.'),
    serverExternalAddress: z.string().nullable().describe('host:port that stands in links.'),
    serverId: z.string().describe('New at each start.'),
    serverName: z.string().describe('For people.'),
    serverUid: z.string().describe('Always the same.'),
    version: z.string().describe('Of the software.'),
    sandboxed: z.boolean().describe('Whether users see a part of the file system alone.'),
    sharedTokensAvailable: z.boolean().describe('Whether shared links can be made and used.'),
    persistentStateAvailable: z.boolean().describe('Whether objects are kept over a restart.'),
    startTime: timeUs.describe('µs.'),
    transfersInProgress: count.nullable().describe('Of all users; null while not logged in.'),
  })
  .meta({ id: 'ServerInformation' });

export type ServerInformation = z.output<typeof serverInformation>;
