import * as z from 'zod';
import { FILETYPE_DIRECTORY, FILETYPE_REGULAR_FILE } from './file-mapping.ts';
import { count, errorCode, errorMessage } from './scalars.ts';

export const directoryEntry = z.object({
  name: z.string().describe('As the file system has it: may hold control characters.'),
  path: z.string().describe('Within what the user may see.'),
  fileType: z
    .union([z.literal(FILETYPE_DIRECTORY), z.literal(FILETYPE_REGULAR_FILE), z.literal(0)])
    .describe('2 a directory, 4 a regular file, 0 neither; of a symlink, what it leads to.'),
  isSymlink: z.boolean().describe('Whether the name itself is a symbolic link.'),
  size: count.describe('Bytes; 0 unless it is a file.'),
  modificationTime: z.int().nullable().describe('µs; null when it cannot be told.'),
  executable: z.boolean().describe('Whether its owner may execute it.'),
  permissions: z.int().describe('Bits of the mode, as chmod(2) takes them.'),
  uid: z.int().describe('Of its owner.'),
  gid: z.int().describe('Of its group.'),
  errorCode: errorCode
    .nullable()
    .describe(
      'Why nothing more can be told; `name-invalid`: the name is no UTF-8, `name` is an escaped form of it.',
    ),
});

export type DirectoryEntry = z.output<typeof directoryEntry>;

export const directoryListing = z
  .object({
    path: z.string().describe('As asked for.'),
    entries: z.array(directoryEntry).describe('In order of names; of a file, the file itself.'),
    truncated: z.boolean().describe('Whether there are more; go on with `after` the name of the last one.'),
  })
  .meta({ id: 'DirectoryListing' });

export type DirectoryListing = z.output<typeof directoryListing>;

export const listedPath = directoryListing
  .extend({ errorCode: errorCode.nullable(), errorMessage: errorMessage.nullable() })
  .meta({ id: 'ListedPath', description: 'A listing, or why there is none.' });

export type ListedPath = z.output<typeof listedPath>;

export const diskUsage = z
  .object({
    path: z.string().describe('As asked for.'),
    totalSize: count.describe('Bytes of content; symlinks are not followed.'),
    totalFiles: count.describe('Files.'),
    totalDirectories: count.describe('The one that was asked for included.'),
    unreadable: count.describe('Names that could not be looked at.'),
  })
  .meta({ id: 'DiskUsage' });

export type DiskUsage = z.output<typeof diskUsage>;

export const root = z
  .object({ name: z.string().describe('"/" for the root.'), path: z.string().describe('Where to begin.') })
  .meta({ id: 'Root', description: 'A top-level directory that the user may see.' });

export type Root = z.output<typeof root>;
