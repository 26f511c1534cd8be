import * as z from 'zod';
import { MAX_MAPPINGS, path } from './scalars.ts';

/** Flags that tell what a source has to be. */
export const FILETYPE_DIRECTORY = 2;
export const FILETYPE_REGULAR_FILE = 4;

export const fileType = z
  .union([z.literal(FILETYPE_DIRECTORY), z.literal(FILETYPE_REGULAR_FILE), z.literal(6)])
  .describe('What the source has to be: 2 a directory, 4 a regular file, 6 (or left out) either.');

export const fileMapping = z.strictObject({
  source: path.min(1).describe('Path on this server, absolute within what its owner may see.'),
  target: path.describe('Path beneath destinationPath at the receiver.'),
  fileType: fileType.optional(),
});

export type FileMapping = z.output<typeof fileMapping>;

/**
 * Takes `source:target` apart, as the console writes it. `::` divides as well, and is what divides when it stands there, so that
 * both sides may hold colons; `\:` is a colon that divides nothing, `\\` a backslash.
 * @returns undefined unless there is exactly one place to divide at, and a source before it
 */
export function parseFileMapping(text: string): FileMapping | undefined {
  const pieces = text.split(/(\\[\\:]|::|:)/);
  const divider = pieces.includes('::') ? '::' : ':';
  const at = pieces.indexOf(divider);
  if (at < 0 || pieces.indexOf(divider, at + 1) >= 0) return undefined;
  const join = (part: string[]) => part.map((piece) => piece.replace(/^\\([\\:])$/, '$1')).join('');
  const mapping = { source: join(pieces.slice(0, at)), target: join(pieces.slice(at + 1)) };
  return mapping.source === '' ? undefined : mapping;
}

const written = z
  .string()
  .transform((text, context) => {
    const mapping = parseFileMapping(text);
    if (mapping) return mapping;
    context.addIssue('is not source:target (write a colon within a name as \\:)');
    return z.NEVER;
  })
  .pipe(fileMapping);

/** As the console writes them, or as objects. */
export const fileMappings = z.array(z.union([written, fileMapping])).max(MAX_MAPPINGS);

/** As Python writes them, the other way round: `{target: source}`. */
export const reversedMappings = z
  .record(path, path.min(1))
  .transform((mappings) => Object.entries(mappings).map(([target, source]) => ({ source, target })));
