import * as z from 'zod';
import { ownerFields } from './owner.ts';
import { count, errorCode, manifestId, timeUs } from './scalars.ts';
import { userData } from './user-data.ts';

export const manifestStatus = z.enum(['pending', 'complete', 'error']);
export const symlinkMode = z.enum(['follow', 'ignore']);

export const manifest = z
  .object({
    manifestId,
    status: manifestStatus.describe('Only a complete one can be sent.'),
    processing: z.boolean().describe('Whether it is still being scanned.'),
    errorMessage: z.string().nullable().describe('Why it is of no use, when its status is error.'),
    errorCode: errorCode.nullable().describe('Code of that error.'),
    totalFiles: count.nullable().describe('Files, directories not counted; null while pending.'),
    totalDirectories: count.nullable().describe('Directories; null while pending.'),
    totalSize: count.nullable().describe('Bytes; null while pending.'),
    ...ownerFields,
    userData,
    symlinkMode: symlinkMode.describe('Whether symbolic links were followed or left out.'),
    creationTime: timeUs.describe('µs.'),
  })
  .meta({ id: 'Manifest', description: 'What is to be sent: files of this server with their targets.' });

export type Manifest = z.output<typeof manifest>;

export const manifestFile = z.object({
  srcPath: z.string().describe('Path on this server.'),
  destPath: z.string().describe('Path beneath destinationPath at the receiver.'),
  fileSize: count.describe('Bytes; 0 for an empty file or a directory.'),
  isEmptyDir: z
    .boolean()
    .describe('Whether it is a directory: each is listed, and made at the receiver, empty or not.'),
  executable: z.boolean().describe('Whether its owner may execute it.'),
  modificationTime: z.int().describe('µs; before 1970 it is negative.'),
});

export type ManifestFile = z.output<typeof manifestFile>;

export const manifestFiles = z
  .object({
    manifestId,
    fileMappings: z
      .array(manifestFile)
      .describe('From `offset` on, at most `limit` of them, in the order of sending.'),
    totalFiles: count
      .nullable()
      .describe('How many there are in all, directories included; null while pending.'),
  })
  .meta({ id: 'ManifestFiles', description: 'The files of a manifest, page by page.' });

export type ManifestFiles = z.output<typeof manifestFiles>;
