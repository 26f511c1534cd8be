import { ERROR_CODES, type ErrorCode } from '@jetstream/protocol';
import { COMMANDS, type CommandName, commandDefinition } from '../commands/commands.ts';
import type { CommandDefinition } from '../commands/definition.ts';
import { httpStatusOf } from '../errors.ts';
import { apiError } from '../schema/error.ts';
import { API_VERSION } from '../schema/server-information.ts';
import { type Components, type JsonSchema, jsonSchemaOf } from './json-schema.ts';

/** Where commands are, as POST. */
export const API_PATH = '/api/v1';

const JSON_MEDIA = 'application/json';
const STATUS_WORDS: Record<number, string> = {
  400: 'A parameter is of no use.',
  401: 'Not logged in, or refused.',
  403: 'Not allowed.',
  404: 'No such object, file or command.',
  409: 'The state of the object or file does not allow it.',
  429: 'A limit is reached.',
};

/** OpenAPI 3.1 of all commands, made from their schemas. */
export function openApiDocument(): JsonSchema {
  const components: Components = new Map();
  const error = jsonSchemaOf(apiError, 'output', components);
  const names = Object.keys(COMMANDS) as CommandName[];
  const paths = names.map((name) => [
    `${API_PATH}/${name}`,
    { post: operation(name, commandDefinition(name), components) },
  ]);
  const statuses = [...new Set((Object.keys(ERROR_CODES) as ErrorCode[]).map(httpStatusOf))].filter(
    (status) => status >= 400,
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'JetStream',
      version: String(API_VERSION),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Drives a JetStream server. docs/API.md says how.',
    },
    servers: [{ url: 'https://localhost:8886' }],
    security: [{ session: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        session: {
          type: 'http',
          scheme: 'bearer',
          description: '`sessionToken` of auth, authPublicKey or authToken.',
        },
      },
      responses: {
        ...Object.fromEntries(statuses.map((status) => [`Error${status}`, errorResponse(status, error)])),
        Error: errorResponse(undefined, error),
      },
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operation(name: CommandName, definition: CommandDefinition, components: Components): JsonSchema {
  const { summary, parameters, result, access, work } = definition;
  const ofWork = work && jsonSchemaOf(work, 'output', components);
  return {
    operationId: name.replace(/\.(.)/, (_dot, first: string) => first.toUpperCase()),
    summary,
    tags: [name.includes('.') ? name.slice(0, name.indexOf('.')) : 'server'],
    ...(access === 'anyone' && { security: [] }),
    ...(access === 'superuser' && { description: 'Needs a session that was raised by superuser.' }),
    ...(ofWork && { 'x-work-result': ofWork }),
    requestBody: {
      required: true,
      content: { [JSON_MEDIA]: { schema: jsonSchemaOf(parameters, 'input', components) } },
    },
    responses: {
      200: {
        description: work ? 'The request; getRequestResult gives what x-work-result says.' : 'The result.',
        content: { [JSON_MEDIA]: { schema: jsonSchemaOf(result, 'output', components) } },
      },
      ...Object.fromEntries(
        Object.keys(STATUS_WORDS).map((status) => [
          status,
          { $ref: `#/components/responses/Error${status}` },
        ]),
      ),
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function errorResponse(status: number | undefined, schema: JsonSchema): JsonSchema {
  const words = status === undefined ? undefined : STATUS_WORDS[status];
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => httpStatusOf(code) === status);
  return {
    description: [words ?? 'Any other error.', codes.length > 0 && `Codes: ${codes.join(', ')}.`]
      .filter(Boolean)
      .join(' '),
    content: { [JSON_MEDIA]: { schema } },
  };
}
