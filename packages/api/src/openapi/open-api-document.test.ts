import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands/commands.ts';
import { openApiDocument } from './open-api-document.ts';

describe('the OpenAPI document', () => {
  const document = openApiDocument();

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has a path for each command, and nothing that points nowhere', () => {
    expect(Object.keys(document.paths as object)).toEqual(
      Object.keys(COMMANDS).map((name) => `/api/v1/${name}`),
    );
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g);
    const components = document.components as Record<string, Record<string, unknown>>;
    for (const [reference, kind, name] of references) {
      expect(components[kind!]?.[name!], reference).toBeDefined();
    }
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  it('survives JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});
