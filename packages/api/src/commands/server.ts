import * as z from 'zod';
import { event, eventNames } from '../schema/event.ts';
import { wrangler } from '../schema/roles.ts';
import { sandboxMapping, sandboxMounts } from '../schema/sandbox-mapping.ts';
import {
  count,
  DEFAULT_LIST,
  hostAddress,
  MAX_LIST,
  port,
  rateKbps,
  sourceIP,
  text,
  timeUs,
  userName,
} from '../schema/scalars.ts';
import { license, serverInformation } from '../schema/server-information.ts';
import { bandwidthLimits, garbageCollectSettings } from '../schema/settings.ts';
import { type CommandDefinition, later, nothing } from './definition.ts';

const userOrGroup = z
  .strictObject({
    user: userName.optional().describe('Name of an account.'),
    group: userName.optional().describe('Name of a group.'),
  })
  .refine(
    ({ user, group }) => (user === undefined) !== (group === undefined),
    'takes either a user or a group',
  );

const sandboxUser = z.string().max(256).describe('"" stands for everyone who has none of his own.');

const discoverToken = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'is not 32 hex digits')
  .describe('What the packet carries, 32 hex digits: a secret of both sides.');

export const SERVER_COMMANDS = {
  getServerInfo: {
    summary: 'Tell about the server',
    parameters: nothing,
    result: serverInformation,
    access: 'anyone',
  },
  getEventLog: {
    summary: 'List what happened, in order of time',
    parameters: z.strictObject({
      since: timeUs.optional().describe('Events of this time or later, µs; without it the newest ones.'),
      until: timeUs.optional().describe('Events before this time, µs.'),
      events: eventNames,
      limit: z.int().min(1).max(MAX_LIST).default(DEFAULT_LIST).describe('Most that are given.'),
    }),
    result: z.array(event),
    access: 'user',
  },
  echo: {
    summary: 'Give back a text',
    parameters: z.strictObject({ message: text.describe('Any text.') }),
    result: z.object({ message: z.string().describe('The same.') }).meta({ id: 'Echo' }),
    access: 'user',
  },
  sleep: {
    summary: 'Answer after a while',
    parameters: z.strictObject({ milliseconds: z.int().min(0).max(60_000).describe('How long, ms.') }),
    result: z.null(),
    access: 'user',
  },
  terminate: {
    summary: 'Stop the server, once transfers have ended or 30 s have passed',
    parameters: nothing,
    result: z.null(),
    access: 'superuser',
  },
  getThirdPartyLicenses: {
    summary: 'List the libraries in use, with their licences',
    parameters: nothing,
    result: z.array(
      z
        .object({
          name: z.string().describe('Of the package.'),
          version: z.string().describe('Of the package.'),
          license: z.string().describe('SPDX expression.'),
        })
        .meta({ id: 'ThirdPartyLicense' }),
    ),
    access: 'anyone',
  },
  setLicenseKeyAsync: {
    summary: 'Take a licence key, and do nothing with it: none is needed',
    parameters: z.strictObject({
      licenseKey: z.string().max(1_024).describe('Any text.'),
      validate: z.boolean().default(false).describe('Has no effect.'),
    }),
    ...later(license),
    access: 'superuser',
  },
  addWranglerAsync: {
    summary: 'Let an account or a group act upon objects of others',
    parameters: userOrGroup,
    ...later(wrangler),
    access: 'superuser',
  },
  deleteWrangler: {
    summary: 'Take that away',
    parameters: userOrGroup,
    result: z.null(),
    access: 'superuser',
  },
  getWranglers: {
    summary: 'List who may act upon objects of others',
    parameters: nothing,
    result: z.array(wrangler),
    access: 'superuser',
  },
  setSandboxMapping: {
    summary: 'Say which directories a user sees',
    parameters: z.strictObject({
      user: sandboxUser,
      mapping: sandboxMapping.describe(
        'Directories by name, `""` being the root itself: a path, or an object with type `File` and a path that may hold %u, %d, %f and %%.',
      ),
    }),
    result: z.null(),
    access: 'superuser',
  },
  getSandboxMappings: {
    summary: 'List which users see which directories',
    parameters: nothing,
    result: z.record(z.string(), sandboxMounts),
    access: 'superuser',
  },
  deleteSandboxMapping: {
    summary: 'Take the mapping of a user away',
    parameters: z.strictObject({ user: sandboxUser }),
    result: z.null(),
    access: 'superuser',
  },
  updateBandwidthLimits: {
    summary: 'Change the limits of the whole server; what is left out stays',
    parameters: z.strictObject({
      incomingRateLimit: rateKbps.nullable().optional().describe('kbit/s; null: none.'),
      outgoingRateLimit: rateKbps.nullable().optional().describe('kbit/s; null: none.'),
      borrowIncomingRate: z
        .boolean()
        .optional()
        .describe('Whether sending may use what receiving leaves idle.'),
      borrowOutgoingRate: z
        .boolean()
        .optional()
        .describe('Whether receiving may use what sending leaves idle.'),
    }),
    result: bandwidthLimits,
    access: 'superuser',
  },
  updateGarbageCollectSettings: {
    summary: 'Change when what is no longer needed is removed; what is left out stays',
    parameters: z.strictObject({
      intervalSeconds: z.int().min(60).max(31_536_000).optional().describe('Between two runs, s.'),
      lifetimeSeconds: z
        .int()
        .min(60)
        .max(315_360_000)
        .optional()
        .describe('How long ended transfers and unused manifests are kept, s.'),
    }),
    result: garbageCollectSettings,
    access: 'superuser',
  },
  garbageCollect: {
    summary: 'Remove what is no longer needed, now',
    parameters: nothing,
    result: z
      .object({
        transfersDeleted: count.describe('Ended transfers that were removed.'),
        manifestsDeleted: count.describe('Unused manifests that were removed.'),
        receiveTransfersDeleted: count.describe('Records of what was received that were removed.'),
        tokensDeleted: count.describe('Expired tokens that were removed.'),
      })
      .meta({ id: 'GarbageCollection' }),
    access: 'superuser',
  },
  sendDiscoverPacketAsync: {
    summary: 'Send one discover packet from a receive port; it may get lost',
    parameters: z.strictObject({
      destinationAddress: hostAddress.describe('Host name or address.'),
      destinationPort: port.default(8_886).describe('UDP port.'),
      sourcePort: port
        .optional()
        .describe('Receive port of this server that it goes from; the first one when left out.'),
      token: discoverToken.optional(),
    }),
    ...later(
      z
        .object({
          destinationIP: z.string().describe('Where it went.'),
          destinationPort: z.int().describe('UDP port.'),
          sourcePort: z.int().describe('UDP port of this server that it left from.'),
          token: discoverToken.describe('As given, or made for it.'),
        })
        .meta({ id: 'DiscoverPacketSent' }),
    ),
    access: 'user',
  },
  recvDiscoverPacketAsync: {
    summary: 'Wait for a discover packet on all receive ports',
    parameters: z.strictObject({
      token: discoverToken,
      timeoutMs: z.int().min(0).max(60_000).default(30_000).describe('How long to wait for it, ms.'),
    }),
    ...later(
      z
        .object({ sourceIP, sourcePort: z.int().describe('UDP port of the sender, as it is seen here.') })
        .meta({ id: 'DiscoverPacketReceived' }),
    ),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
