import * as z from 'zod';
import { fileMappings, reversedMappings } from '../schema/file-mapping.ts';
import { manifest, manifestFiles, manifestStatus, symlinkMode } from '../schema/manifest.ts';
import { MAX_MAPPINGS, manifestId } from '../schema/scalars.ts';
import { userData } from '../schema/user-data.ts';
import { type CommandDefinition, objectFilters, page } from './definition.ts';

export const waitTimeoutMs = z
  .int()
  .min(0)
  .max(60_000)
  .default(30_000)
  .describe('After this the object is given as it is, ms.');

export const createManifestParameters = z
  .strictObject({
    fileMappings: fileMappings
      .default([])
      .describe(
        'What goes where: `source:target`, or objects of source and target. A directory takes all in it along.',
      ),
    mappings: reversedMappings
      .optional()
      .describe('The same as an object, the other way round: {target: source}. Added to fileMappings.'),
    symlinkMode: symlinkMode.default('follow').describe('Whether symbolic links are followed or left out.'),
    userData: userData.default({}),
  })
  .overwrite(({ mappings, ...given }) =>
    mappings === undefined ? given : { ...given, fileMappings: [...given.fileMappings, ...mappings] },
  )
  .refine(({ fileMappings }) => fileMappings.length > 0, { message: 'is empty', path: ['fileMappings'] })
  .refine(({ fileMappings }) => fileMappings.length <= MAX_MAPPINGS, {
    message: 'are too many together',
    path: ['mappings'],
  });

const someManifest = z.strictObject({ manifestId });

export const MANIFEST_COMMANDS = {
  'send.createManifest': {
    summary: 'Make a manifest of files of this server',
    parameters: createManifestParameters,
    result: manifest,
    access: 'user',
  },
  'send.getManifest': {
    summary: 'Tell about a manifest',
    parameters: someManifest,
    result: manifest,
    access: 'user',
  },
  'send.getManifests': {
    summary: 'List manifests',
    parameters: z.strictObject({
      ...objectFilters,
      status: manifestStatus.optional().describe('In this status alone.'),
    }),
    result: z.array(manifest),
    access: 'user',
  },
  'send.getManifestFiles': {
    summary: 'List the files of a manifest',
    parameters: z.strictObject({ manifestId, ...page }),
    result: manifestFiles,
    access: 'user',
  },
  'send.waitForManifest': {
    summary: 'Wait until a manifest is no longer pending',
    parameters: z.strictObject({ manifestId, timeoutMs: waitTimeoutMs }),
    result: manifest,
    access: 'user',
  },
  'send.deleteManifest': {
    summary: 'Delete a manifest that no transfer and no shared link uses',
    parameters: someManifest,
    result: z.null(),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
