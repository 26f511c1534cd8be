import {
  type CommandName,
  type CommandOption,
  commandDefinition,
  commandOptions,
} from '@jetstream/core/api-client';
import { API_OPTIONS, ASYNC_OPTIONS, COMMON_OPTIONS, WATCH_OPTIONS, WATCH_SUMMARY } from './api-options.ts';
import { COMMAND_NAMES, shortName } from './command-names.ts';
import { EXIT_CODES } from './exit-codes.ts';

const MAX_LEFT = 34;

type Described = Record<string, { value: string; describe: string }>;

export function apiHelp(columns: number): string {
  const commands = COMMAND_NAMES.map((name) => [shortName(name), commandDefinition(name).summary] as const);
  const exits = Object.values(EXIT_CODES).map(({ status, meaning }) => [String(status), meaning] as const);
  return `Usage: jetstream api [--host HOST] [--api-control-port PORT] [--user USER] COMMAND [options]

Drives a JetStream server over its API. "jetstream api COMMAND --help" tells the options of a command.

Options:
${table(rowsOf(API_OPTIONS), columns)}

Commands:
${table([...commands, ['watch', WATCH_SUMMARY]], columns)}

The full names (send.createTransfer) do as well.

Log-in: with JETSTREAM_API_TOKEN, JETSTREAM_API_PASSWORD or a key, whichever is there first; else a password is asked for at the
terminal. JETSTREAM_API_PASSWORD is the password of the token when there is a token.

Standard output: JSON, keys in alphabetical order.

Exit status:
${table(exits, columns)}
`;
}

export function commandHelp(name: CommandName, columns: number): string {
  const { summary, access, work } = commandDefinition(name);
  const own = commandOptions(name).map(
    (option) => [`--${option.name}${placeholder(option)}`, words(option)] as const,
  );
  const common = { ...(work && ASYNC_OPTIONS), ...COMMON_OPTIONS };
  const notes = [
    access === 'superuser' && 'Needs --superuser before the command.',
    work &&
      'Prints the requestId of work that goes on by itself; getRequestResult waits for what comes of it.',
  ].filter((note) => typeof note === 'string');
  return `Usage: jetstream api ${shortName(name)} [options]

${[`${summary}.`, ...notes].join('\n')}

Options:
${table([...own, ...rowsOf(common)], columns)}

A list takes all words up to the next option. Lists and objects may be JSON as well; @FILE reads JSON (or a secret) from a file,
- from standard input. Objects also take key=value. null is null where that is allowed.
`;
}

export function watchHelp(columns: number): string {
  return `Usage: jetstream api watch [options]\n\n${WATCH_SUMMARY}.\n\nOptions:\n${table(rowsOf(WATCH_OPTIONS), columns)}\n`;
}

function rowsOf(options: Described): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { value, describe }]) => [
    `--${name}${value === '' ? '' : ` ${value}`}`,
    describe,
  ]);
}

function placeholder({ kind, choices, type }: CommandOption): string {
  if (choices.length > 0 && kind === 'text') return ` ${choices.join('|')}`;
  const value = {
    text: 'TEXT',
    number: 'NUMBER',
    boolean: '',
    list: 'ITEM…',
    map: 'KEY=VALUE…',
    json: 'JSON',
  }[kind];
  return value === '' ? '' : ` ${type === 'integer' || type === 'integer or null' ? 'INTEGER' : value}`;
}

function words({
  description,
  isRequired,
  isNullable,
  kind,
  choices,
  default: preset,
}: CommandOption): string {
  const isTold = preset !== undefined && preset !== null && preset !== '' && JSON.stringify(preset) !== '{}';
  return [
    description,
    kind === 'list' && choices.length > 0 && `Of: ${choices.join(', ')}.`,
    isNullable && 'May be null.',
    isTold && `[default: ${typeof preset === 'string' ? preset : JSON.stringify(preset)}]`,
    isRequired && '[required]',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Two columns, the right one wrapped. */
function table(rows: readonly (readonly [string, string])[], columns: number): string {
  const left = Math.min(MAX_LEFT, Math.max(...rows.map(([name]) => name.length)) + 4);
  const room = Math.max(30, Math.min(120, columns) - left);
  return rows
    .map(([name, text]) => {
      const [first = '', ...more] = wrap(text, room);
      const head = `  ${name}`;
      const lines = head.length < left ? [head.padEnd(left) + first] : [head, ' '.repeat(left) + first];
      return [...lines, ...more.map((line) => ' '.repeat(left) + line)]
        .map((line) => line.trimEnd())
        .join('\n');
    })
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
