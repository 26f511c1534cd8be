import type { JsonSchema } from './json-schema.ts';

/** More are a list for a text to tell. */
const MAX_NAMED_VALUES = 8;

/** What a schema allows, in words: `integer or null`, `list of Transfer`, `"low" or "fair"`. */
export function typeWords(schema: JsonSchema): string {
  const { $ref, anyOf, enum: values, type, items, properties, additionalProperties } = schema;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map(typeWords))].join(' or ');
  if (Array.isArray(values)) {
    return values.length > MAX_NAMED_VALUES
      ? 'string'
      : values.map((value) => JSON.stringify(value)).join(' or ');
  }
  if ('const' in schema) return JSON.stringify(schema.const);
  if (type === 'array') {
    const member = typeWords(items as JsonSchema);
    return `list of ${member.includes(' or ') ? `(${member})` : member}`;
  }
  if (type !== 'object') return Array.isArray(type) ? type.join(' or ') : String(type ?? 'Json');
  if (typeof properties !== 'object' || properties === null) {
    return `map of ${typeWords(additionalProperties as JsonSchema)}`;
  }
  const required = Array.isArray(schema.required) ? schema.required : [];
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
  return `{${names.join(', ')}}`;
}
