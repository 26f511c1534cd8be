import { type JsonSchema, jsonSchemaOf } from '../openapi/json-schema.ts';
import { meaning } from '../openapi/meaning.ts';
import { typeWords } from '../openapi/type-words.ts';
import type { Json } from '../schema/scalars.ts';
import { type CommandName, commandDefinition } from './commands.ts';

/** How the value of a parameter is written on a command line: the rest is JSON. */
export type OptionKind = 'text' | 'number' | 'boolean' | 'list' | 'map' | 'json';

/** A parameter of a command, as somebody sees it who writes it down. */
export interface CommandOption {
  name: string;
  /** '' where its name says it all. */
  description: string;
  isRequired: boolean;
  /** undefined: none. */
  default: Json | undefined;
  kind: OptionKind;
  isNullable: boolean;
  /** What may be given, where that is a choice. */
  choices: readonly string[];
  /** Of its JSON, in words. */
  type: string;
}

/** The parameters of a command, those that are required first. */
export function commandOptions(command: CommandName): CommandOption[] {
  const { properties = {}, required = [] } = jsonSchemaOf(
    commandDefinition(command).parameters,
    'input',
    new Map(),
  ) as { properties?: Record<string, JsonSchema>; required?: string[] };
  const options = Object.entries(properties).map(([name, schema]) => ({
    name,
    description: meaning(schema),
    isRequired: required.includes(name),
    default: schema.default as Json | undefined,
    ...shape(schema),
    type: typeWords(schema),
  }));
  return [
    ...options.filter(({ isRequired }) => isRequired),
    ...options.filter(({ isRequired }) => !isRequired),
  ];
}

function shape(schema: JsonSchema): Pick<CommandOption, 'kind' | 'isNullable' | 'choices'> {
  const forms = Array.isArray(schema.anyOf) ? (schema.anyOf as JsonSchema[]) : [schema];
  const valued = forms.filter(({ type }) => type !== 'null');
  const choices = valued.flatMap(({ enum: values, items }) => {
    const some = values ?? (items as JsonSchema | undefined)?.enum;
    return Array.isArray(some) ? some.map(String) : [];
  });
  return { kind: kindOf(valued), isNullable: valued.length < forms.length, choices };
}

function kindOf(forms: readonly JsonSchema[]): OptionKind {
  const types = forms.map(({ type }) => type);
  if (types.includes('array')) return 'list';
  if (types.every((type) => type === 'boolean')) return 'boolean';
  if (types.every((type) => type === 'number' || type === 'integer')) return 'number';
  if (types.includes('string')) return 'text';
  return forms.every(({ properties }) => properties === undefined) ? 'map' : 'json';
}
