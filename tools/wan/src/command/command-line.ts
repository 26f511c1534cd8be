import { parseArgs } from 'node:util';
import type { DirectionChanges } from '../direction-options.ts';
import { completeOptions, type WanOptions } from '../wan-options.ts';
import type { Backend } from '../wan-report.ts';
import {
  type ParsedChanges,
  parseChanges,
  parseDirectedChanges,
  parseMs,
  parseSetting,
  SETTINGS,
  type Setting,
  usage,
} from './parse-changes.ts';

/** Everything one run needs, each value parsed and in its range. */
export interface WanCommand {
  options: WanOptions;
  /** In the order of time. */
  steps: (ParsedChanges & { atMs: number })[];
  /** Run inside, by a shell or as they are; a run ends when that of a ends, or that of b if a has none. */
  inA: readonly string[] | undefined;
  inB: readonly string[] | undefined;
  jsonFile: string | undefined;
  quiet: boolean;
}

const STRING = { type: 'string' } as const;
const SETTING_NAMES = Object.keys(SETTINGS) as Setting[];

/**
 * @param argv the command line without node and script
 * @throws JetStreamError `invalid-argument`, in one line
 */
export function parseCommandLine(argv: readonly string[]): WanCommand | 'help' {
  const { values, positionals, command, at } = readArguments(argv);
  if (values.help) return 'help';
  if (positionals.length > 0)
    throw usage(`what is ${JSON.stringify(positionals[0])}? A command comes after --`);
  if (command.length > 0 && values['in-a'] !== undefined)
    throw usage('--in-a and a command after -- exclude each other');
  if (values.rtt !== undefined && values.delay !== undefined)
    throw usage('--rtt and --delay exclude each other');

  const both: DirectionChanges = {};
  for (const name of SETTING_NAMES) {
    const value = values[name];
    if (value !== undefined) Object.assign(both, parseSetting(name, value));
  }
  if (values.rtt !== undefined) both.delayMs = parseMs(values.rtt, 'ms') / 2;
  const options: WanOptions = { both };
  for (const direction of ['a-to-b', 'b-to-a'] as const) {
    const text = values[direction];
    if (text !== undefined) options[direction] = parseChanges(text);
  }
  if (values.seed !== undefined) options.seed = parseInteger(values.seed);
  if (values.bucket !== undefined) options.bucketMs = parseMs(values.bucket, 'ms');
  if (values.granularity !== undefined) options.granularityMs = parseMs(values.granularity, 'ms');
  if (values.backend !== undefined && values.backend !== 'auto')
    options.backend = parseBackend(values.backend);
  completeOptions(options); // refuses what is out of range, before anything is made

  return {
    options,
    steps: at
      .map(({ time, changes }) => ({ atMs: parseMs(time), ...parseDirectedChanges(changes) }))
      .sort((one, other) => one.atMs - other.atMs),
    inA: command.length > 0 ? command : shell(values['in-a']),
    inB: shell(values['in-b']),
    jsonFile: values.json,
    quiet: values.quiet ?? false,
  };
}

/** `--at` is the only option with two values: the second is the positional that follows. */
function readArguments(argv: readonly string[]) {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  const { values, tokens } = readTokens(own);
  const at: { time: string; changes: string }[] = [];
  const positionals: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'positional') continue;
    const before = tokens[index - 1];
    if (before?.kind === 'option' && before.name === 'at')
      at.push({ time: before.value!, changes: token.value });
    else positionals.push(token.value);
  }
  if (at.length !== (values.at ?? []).length)
    throw usage('--at wants a time and changes: --at 5s rate=50,loss=1');
  return { values, positionals, command: end < 0 ? [] : argv.slice(end + 1), at };
}

function readTokens(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      tokens: true,
      options: {
        rate: STRING,
        queue: STRING,
        delay: STRING,
        rtt: STRING,
        jitter: STRING,
        loss: STRING,
        'burst-loss': STRING,
        reorder: STRING,
        duplicate: STRING,
        'a-to-b': STRING,
        'b-to-a': STRING,
        at: { type: 'string', multiple: true },
        'in-a': STRING,
        'in-b': STRING,
        json: STRING,
        bucket: STRING,
        seed: STRING,
        backend: STRING,
        granularity: STRING,
        quiet: { type: 'boolean', short: 'q' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage((error as Error).message.split(/\.? *\n|\. /)[0]!);
  }
}

function shell(line: string | undefined): string[] | undefined {
  return line === undefined ? undefined : ['sh', '-c', line];
}

function parseInteger(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`the seed is a number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function parseBackend(text: string): Backend {
  if (text === 'tun' || text === 'netem') return text;
  throw usage(`the backend is auto, tun or netem, not ${JSON.stringify(text)}`);
}
