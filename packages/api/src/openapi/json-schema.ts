import * as z from 'zod';

export interface JsonSchema {
  [keyword: string]: unknown;
}

/** Structures by name, as they are met. */
export type Components = Map<string, JsonSchema>;

/**
 * What a schema takes (`input`) or gives (`output`) as JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1.
 * @param components takes in the structures that it refers to
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output', components: Components): JsonSchema {
  const {
    $schema: _dialect,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      // Clients are to put up with fields that later versions add.
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      // Bounds of what fits a number at all say nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
  for (const [name, { id: _id, ...definition }] of Object.entries($defs)) {
    components.set(name, withReferences(definition) as JsonSchema);
  }
  const { id, ...rest } = own;
  if (typeof id !== 'string') return withReferences(rest) as JsonSchema;
  components.set(id, withReferences(rest) as JsonSchema);
  return reference(id);
}

function reference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' ? String(member).replace('#/$defs/', '#/components/schemas/') : withReferences(member),
    ]),
  );
}
