import type { Json } from '@jetstream/core/api-client';

/** C1 and DEL, line separators, and what turns text round: a terminal acts on them. JSON itself writes C0 as escapes. */
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** JSON with keys in alphabetical order, safe to print. @param indent 0: on one line */
export function sortedJson(value: unknown, indent = 2): string {
  const text = JSON.stringify(sorted(value as Json), null, indent);
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
