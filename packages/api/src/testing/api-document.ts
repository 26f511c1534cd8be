import { ERROR_CODES, type ErrorCode } from '@jetstream/protocol';
import { commandOptions } from '../commands/command-options.ts';
import { COMMANDS, type CommandName, commandDefinition } from '../commands/commands.ts';
import { httpStatusOf } from '../errors.ts';
import { type Components, type JsonSchema, jsonSchemaOf } from '../openapi/json-schema.ts';
import { meaning } from '../openapi/meaning.ts';
import { openApiDocument } from '../openapi/open-api-document.ts';
import { typeWords } from '../openapi/type-words.ts';
import { OTHERWISE } from './product-interface.ts';

const GROUPS = [
  { title: 'Server', isOf: (name: string) => !name.includes('.') },
  { title: 'Sending', isOf: (name: string) => name.startsWith('send.') },
  { title: 'Receiving', isOf: (name: string) => name.startsWith('recv.') },
];
const WHO = { anyone: 'Anyone', user: 'Users', superuser: 'Superusers' };

/** The parts of docs/API.md that are made from the schemas, by the name that their markers have. */
export const GENERATED: Record<string, () => string> = {
  commands: () => GROUPS.map(commandGroup).join('\n\n'),
  structures,
  errors,
  differences: () =>
    table(
      ['product.md', 'here', 'why'],
      OTHERWISE.map(({ name, here, why }) => [`\`${name}\``, here, why]),
    ),
};

/** `document` with its generated parts as they should be. */
export function withGeneratedParts(document: string): string {
  return document.replace(
    /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end: string) => `${begin}\n${GENERATED[name]!()}\n\n${end}`,
  );
}

function commandGroup({ title, isOf }: (typeof GROUPS)[number]): string {
  const names = (Object.keys(COMMANDS) as CommandName[]).filter(isOf);
  return [`### ${title}`, ...names.map(command)].join('\n\n');
}

function command(name: CommandName): string {
  const { summary, access, result, work } = commandDefinition(name);
  const gives = linked(resultType(work ?? result));
  const parameters = commandOptions(name).map((option) => [
    `\`${option.name}\``,
    linked(option.type),
    option.isRequired
      ? 'required'
      : option.default === undefined
        ? ''
        : `\`${JSON.stringify(option.default)}\``,
    option.description,
  ]);
  return [
    `#### ${name}`,
    `${summary}. ${WHO[access]}. Gives ${work ? `a [Request](#request), and in the end ${gives}` : gives}.`,
    ...(parameters.length > 0 ? [table(['parameter', 'type', 'default', 'meaning'], parameters)] : []),
  ].join('\n\n');
}

function resultType(schema: Parameters<typeof jsonSchemaOf>[0]): string {
  return typeWords(jsonSchemaOf(schema, 'output', new Map()));
}

function structures(): string {
  const { schemas } = (openApiDocument() as { components: { schemas: Record<string, JsonSchema> } })
    .components;
  // Of work alone, so that no answer says it.
  const all: Components = new Map(Object.entries(schemas));
  for (const name of Object.keys(COMMANDS) as CommandName[]) {
    const { work } = commandDefinition(name);
    if (work) jsonSchemaOf(work, 'output', all);
  }
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([name]) => name !== 'Json')
    .map(([name, schema]) => structure(name, schema))
    .join('\n\n');
}

function structure(name: string, schema: JsonSchema): string {
  const rows = fields(schema, '');
  const description = meaning(schema);
  return [
    `### ${name}`,
    ...(description === '' ? [] : [description]),
    rows.length > 0 ? table(['field', 'type', 'meaning'], rows) : `A ${typeWords(schema)}.`,
  ].join('\n\n');
}

/** Fields of fields are told with them. */
function fields({ properties = {} }: JsonSchema, prefix: string): string[][] {
  return Object.entries(properties as Record<string, JsonSchema>).flatMap(([name, schema]) => {
    const row = [`\`${prefix}${name}\``, linked(brief(schema)), meaning(schema)];
    const inner = [schema, schema.items as JsonSchema | undefined, ...((schema.anyOf as JsonSchema[]) ?? [])];
    const withFields = inner.find((form) => form?.properties !== undefined);
    const suffix = schema.type === 'array' ? '[].' : '.';
    return [row, ...(withFields ? fields(withFields, `${prefix}${name}${suffix}`) : [])];
  });
}

function brief(schema: JsonSchema): string {
  return typeWords(schema).replace(/\{.*\}/g, 'object');
}

function errors(): string {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) => code !== 'none');
  return table(
    ['code', 'HTTP', 'retryable', 'meaning'],
    codes.map((code) => {
      const { retryable, meaning } = ERROR_CODES[code];
      return [`\`${code}\``, String(httpStatusOf(code)), retryable ? 'yes' : 'no', meaning];
    }),
  );
}

/** Names of structures begin with a capital. */
function linked(type: string): string {
  return type
    .replace(/\b[A-Z]\w+\b/g, (name) => (name === 'Json' ? 'JSON' : `[${name}](#${name.toLowerCase()})`))
    .replace(/"([\w-]+)"/g, '`$1`');
}

/** In columns, as the formatter has them. */
function table(header: string[], rows: string[][]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = header.map((_title, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [first = [], ...others] = cells.map(line);
  return [first, line(widths.map((width) => '-'.repeat(width))), ...others].join('\n');
}
