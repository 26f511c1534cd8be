import { z } from 'zod';
import { count, errorCode } from './scalars.ts';

export const directoryEntry = z.object({
  name: z.string(),
  path: z.string().describe('Within what the user may see.'),
  type: z.enum(['file', 'directory', 'symlink', 'other']),
  size: count.describe('Bytes; 0 unless it is a file.'),
  modificationTime: z.int().nullable().describe('µs; null when it cannot be read.'),
  executable: z.boolean(),
});

export type DirectoryEntry = z.output<typeof directoryEntry>;

export const directoryListing = z
  .object({
    path: z.string(),
    entries: z.array(directoryEntry).describe('By name; of a file, the file itself.'),
    truncated: z.boolean().describe('Whether there are more than `limit`.'),
  })
  .meta({ id: 'DirectoryListing' });

export type DirectoryListing = z.output<typeof directoryListing>;

export const listedPath = directoryListing
  .extend({ errorCode: errorCode.nullable(), errorMessage: z.string().nullable() })
  .meta({ id: 'ListedPath', description: 'A listing, or why there is none.' });

export type ListedPath = z.output<typeof listedPath>;

export const diskUsage = z
  .object({
    path: z.string(),
    totalSize: count.describe('Bytes.'),
    totalFiles: count,
    totalDirectories: count,
  })
  .meta({ id: 'DiskUsage' });

export type DiskUsage = z.output<typeof diskUsage>;

export const root = z
  .object({ name: z.string(), path: z.string() })
  .meta({ id: 'Root', description: 'A top-level directory that the user may see.' });

export type Root = z.output<typeof root>;
