import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandOptions } from './commands/command-options.ts';
import { COMMANDS, type CommandName, commandDefinition } from './commands/commands.ts';
import { type Components, type JsonSchema, jsonSchemaOf } from './openapi/json-schema.ts';
import { meaning } from './openapi/meaning.ts';
import { withGeneratedParts } from './testing/api-document.ts';
import {
  PRODUCT_COMMANDS,
  PRODUCT_FIELDS,
  PRODUCT_PARAMETERS,
  PRODUCT_VALUES,
} from './testing/product-interface.ts';

const names = Object.keys(COMMANDS) as CommandName[];
const document = fileURLToPath(new URL('../../../docs/API.md', import.meta.url));

const components: Components = new Map();
for (const name of names) {
  const { result, work } = commandDefinition(name);
  jsonSchemaOf(result, 'output', components);
  if (work) jsonSchemaOf(work, 'output', components);
}

/** `Structure.field` too. */
function schemaOf(path: string): JsonSchema {
  const [structure, ...fields] = path.split('.');
  return fields.reduce<JsonSchema>(
    (schema, field) => {
      const found = (schema.properties as Record<string, JsonSchema>)[field]!;
      return (found.items as JsonSchema) ?? found;
    },
    components.get(structure!) ?? expect.fail(`there is no structure ${structure}`),
  );
}

describe('the interface that product.md describes', () => {
  it('has all its commands here', () => {
    expect(names).toEqual(expect.arrayContaining([...PRODUCT_COMMANDS]));
  });

  it.each(Object.entries(PRODUCT_PARAMETERS))('has the parameters of %s here', (name, parameters) => {
    const own = commandOptions(name as CommandName).map((option) => option.name);
    expect(own).toEqual(expect.arrayContaining([...parameters]));
  });

  it.each(Object.entries(PRODUCT_FIELDS))('has the fields of %s here, always there', (structure, fields) => {
    const { properties, required } = schemaOf(structure) as { properties: object; required: string[] };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...fields]));
    expect(required).toEqual(expect.arrayContaining([...fields]));
  });

  it.each(Object.entries(PRODUCT_VALUES))('has the values of %s here', (field, values) => {
    expect([...(schemaOf(field).enum as string[])].sort()).toEqual([...values].sort());
  });
});

describe('docs/API.md', () => {
  it('says what the schemas say (vitest -u writes it)', async () => {
    await expect(withGeneratedParts(readFileSync(document, 'utf8'))).toMatchFileSnapshot(document);
  });

  it('names every command, parameter and field', () => {
    const text = readFileSync(document, 'utf8');
    for (const name of names) {
      expect(text).toContain(`#### ${name}\n`);
      for (const option of commandOptions(name)) expect(text).toContain(`\`${option.name}\``);
    }
    for (const [structure, { properties = {} }] of components) {
      if (structure !== 'Json') expect(text).toContain(`### ${structure}\n`);
      for (const field of Object.keys(properties as object)) expect(text).toContain(`\`${field}\``);
    }
  });
});

describe('every field and parameter', () => {
  it('says what it means, and its unit where it has one', () => {
    const told = [...components].flatMap(([structure, { properties = {} }]) =>
      Object.entries(properties as Record<string, JsonSchema>).map(
        ([field, schema]) => [`${structure}.${field}`, meaning(schema)] as const,
      ),
    );
    const given = names.flatMap((name) =>
      commandOptions(name).map((option) => [`${name}.${option.name}`, option.description] as const),
    );
    for (const [name, description] of [...told, ...given]) expect(description, name).not.toBe('');
    const units = [
      { name: /Time$|\.since$|\.until$|_timestamp$/, unit: /µs/ },
      { name: /[rR]ate(Max|Limit|Window)?$/, unit: /kbit\/s/ },
      { name: /Ms$|milliseconds$/, unit: /\bms\b/ },
      { name: /Seconds$/, unit: /\bs\b/ },
    ];
    for (const [name, description] of [...told, ...given]) {
      for (const { name: pattern, unit } of units) {
        if (pattern.test(name) && !/borrow/.test(name)) expect(description, name).toMatch(unit);
      }
    }
  });
});
