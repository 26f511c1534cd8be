import { exitCodeLines } from '@jetstream/command-line';
import { optionParser } from '@jetstream/command-line/option-parser';
import type { ServerOptions } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { EXIT_CODES } from './exit-codes.ts';
import { type GivenOption, readResponseFile } from './response-file.ts';
import { SERVER_OPTIONS } from './server-option-table.ts';

/**
 * The options of `jetstream server`: those of the command line win over those of the response file.
 * @param argv the command line after `server`
 * @returns the help text when it was asked for
 * @throws JetStreamError `invalid-argument`, in one line
 */
export async function parseServerOptions(
  argv: readonly string[],
  columns = 80,
): Promise<{ help: string } | { options: ServerOptions }> {
  const parser = describeOptions(columns);
  const values = parser.parseSync([...argv]);
  if (values.help) return { help: await parser.getHelp() };
  if (values._.length > 0) throw usage(`unexpected "${values._[0]}"`);

  // The last one counts, as of every option that is no list.
  const config = [values.config].flat().at(-1);
  const ofFile = config === undefined ? [] : readResponseFile(config, SERVER_OPTIONS);
  const ofLine = Object.entries(SERVER_OPTIONS).flatMap(([name, { isFlag }]) =>
    [values[name]]
      .flat()
      .filter((value) => typeof value === 'string')
      .map((value) => ({ name, value: isFlag && value === '' ? 'yes' : value, origin: `--${name}` })),
  );
  const given = [...joinLists(ofFile), ...joinLists(ofLine)];
  return { options: given.map(readOption).reduce(merge, {}) };
}

/** What was given one by one, as one. */
function joinLists(given: readonly GivenOption[]): GivenOption[] {
  const joined: GivenOption[] = [];
  for (const option of given) {
    const { isList } = SERVER_OPTIONS[option.name]!;
    const before = isList && joined.find(({ name }) => name === option.name);
    if (before) before.value += `,${option.value}`;
    else joined.push({ ...option });
  }
  return joined;
}

/** Some options are parts of one thing. */
function merge(before: ServerOptions, after: ServerOptions): ServerOptions {
  const rateLimits = { ...before.rateLimits, ...after.rateLimits };
  const bandwidthLimits = { ...before.bandwidthLimits, ...after.bandwidthLimits };
  const api = after.api === false || before.api === false ? false : { ...before.api, ...after.api };
  return {
    ...before,
    ...after,
    ...(Object.keys(rateLimits).length > 0 && { rateLimits }),
    ...(Object.keys(bandwidthLimits).length > 0 && { bandwidthLimits }),
    ...((api === false || Object.keys(api).length > 0) && { api }),
  };
}

function readOption({ name, value, origin }: GivenOption): ServerOptions {
  try {
    if (value === '') throw new Error('needs a value');
    return SERVER_OPTIONS[name]!.read(value);
  } catch (error) {
    throw usage(`${origin} ${value === '' ? '' : `${JSON.stringify(value)}: `}${(error as Error).message}`);
  }
}

function describeOptions(columns: number) {
  const described = Object.entries(SERVER_OPTIONS).map(
    ([name, { describe, isFlag = false }]) =>
      [name, { type: 'string', requiresArg: !isFlag, describe }] as const,
  );
  return optionParser({
    program: 'jetstream',
    usage:
      'Usage: jetstream server [options]\n\nSends and receives files over one UDP port. Runs in the foreground.',
    epilogue: EPILOGUE,
    options: {
      ...Object.fromEntries(described),
      config: {
        type: 'string',
        requiresArg: true,
        describe: 'Response file: one of the options above per line; the command line wins',
      },
      help: { type: 'boolean', describe: 'Print this, and exit' },
    },
    mayRepeat: true,
    columns,
    refuse: usage,
  });
}

const EPILOGUE = `Standard output: one line when the server is ready: "ready udp=PORT api=PORT"; without an API "api=-".
Standard error:  the log, one JSON object a line.
SIGTERM, SIGINT: takes nothing new, lets transfers end, exits 0; a second one ends them too.

Exit status:
${exitCodeLines(EXIT_CODES)}`;

function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (see jetstream server --help)`);
}
