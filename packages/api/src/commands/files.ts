import * as z from 'zod';
import { directoryEntry, directoryListing, diskUsage, listedPath, root } from '../schema/directory.ts';
import { MAX_LIST, path } from '../schema/scalars.ts';
import { type CommandDefinition, later, nothing } from './definition.ts';

const somePath = path.min(1).describe('Within what the user may see.');
const limit = z
  .int()
  .min(1)
  .max(MAX_LIST)
  .default(MAX_LIST)
  .describe('Most entries of a directory that are given.');

/** Files of the server, as the user's account. */
export const FILE_COMMANDS = {
  lsAsync: {
    summary: 'List a directory, or a file',
    parameters: z.strictObject({
      path: somePath,
      limit,
      after: z.string().max(255).optional().describe('A name: only entries after it.'),
    }),
    ...later(directoryListing),
    access: 'user',
  },
  lsListAsync: {
    summary: 'List several paths',
    parameters: z.strictObject({
      paths: z.array(somePath).min(1).max(100).describe('Within what the user may see.'),
      limit,
    }),
    ...later(z.array(listedPath)),
    access: 'user',
  },
  lsRootsAsync: {
    summary: 'List the top-level directories that the user may see',
    parameters: nothing,
    ...later(z.array(root)),
    access: 'user',
  },
  duAsync: {
    summary: 'Add up the bytes of all files under a path',
    parameters: z.strictObject({ path: somePath }),
    ...later(diskUsage),
    access: 'user',
  },
  mkdirAsync: {
    summary: 'Make a directory, and those above it',
    parameters: z.strictObject({ path: somePath }),
    ...later(directoryEntry),
    access: 'user',
  },
  mkFileAsync: {
    summary: 'Make a file that was not there',
    parameters: z.strictObject({
      path: somePath,
      content: z.string().max(65_536).default('').describe('Text that it holds.'),
    }),
    ...later(directoryEntry),
    access: 'user',
  },
  mvAsync: {
    summary: 'Rename a file or directory; what stands at the target is an error',
    parameters: z.strictObject({ source: somePath, target: somePath }),
    ...later(directoryEntry),
    access: 'user',
  },
  rmAsync: {
    summary: 'Delete a file or directory',
    parameters: z.strictObject({
      path: somePath,
      recursive: z.boolean().default(false).describe('A directory with all that is in it.'),
    }),
    ...later(z.null()),
    access: 'user',
  },
} as const satisfies Record<string, CommandDefinition>;
