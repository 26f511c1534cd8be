import type { JsonSchema } from './json-schema.ts';

/** What a parameter or field means, in words; of one that may be null, what it means when it is not. '' for nothing. */
export function meaning({ description, anyOf = [] }: JsonSchema): string {
  if (typeof description === 'string') return description;
  for (const form of anyOf as JsonSchema[]) {
    if (typeof form.description === 'string') return form.description;
  }
  return '';
}
