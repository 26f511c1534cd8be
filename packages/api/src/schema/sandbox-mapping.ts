import * as z from 'zod';
import { path } from './scalars.ts';

const fileMount = z.strictObject({
  type: z.literal('File', 'can be nothing but File: S3 is not offered').default('File'),
  path: path.min(1).describe('Absolute; %u is the user’s name, %d the domain, %f the full name, %% a %.'),
});

const mountName = z
  .string()
  .max(255)
  .regex(/^[^/\0]*$/, 'is no name of a directory');

/** Where the virtual top-level directories of a user are: by name, `""` being the root itself. */
export const sandboxMapping = z
  .record(mountName, z.union([path.min(1).transform((path) => ({ type: 'File' as const, path })), fileMount]))
  .refine((mapping) => Object.keys(mapping).length <= 1_000, 'holds more than 1,000 names');

/** The same as it is told: in its long form. */
export const sandboxMounts = z
  .record(z.string(), z.object({ type: z.literal('File'), path: z.string() }))
  .meta({ id: 'SandboxMapping', description: 'Top-level directories by name, `""` being the root itself.' });

export type SandboxMapping = z.output<typeof sandboxMapping>;
