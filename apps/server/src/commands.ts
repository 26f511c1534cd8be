import { version } from '@jetstream/command-line';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import { apiExitStatusOf } from './api/exit-codes.ts';
import { EXIT_CODES, exitStatusOf } from './exit-codes.ts';

interface Command {
  describe: string;
  run: (argv: readonly string[]) => Promise<number>;
  /** What it exits with when it fails. */
  statusOf: (code: ErrorCode) => number;
}

/** Each subcommand is loaded only when it is called, and prints its own --help. */
const COMMANDS: Record<string, Command> = {
  server: {
    describe: 'Send and receive files',
    run: async (argv) => (await import('./run-server.ts')).runServer(argv),
    statusOf: exitStatusOf,
  },
  api: {
    describe: 'Drive a server over its API',
    run: async (argv) => (await import('./api/run-api.ts')).runApi(argv),
    statusOf: apiExitStatusOf,
  },
  completion: {
    describe: 'Print what makes a shell complete these commands: bash, zsh or fish',
    run: async (argv) => (await import('./completion.ts')).runCompletion(argv),
    statusOf: exitStatusOf,
  },
};

/** Runs one command line. Whatever goes wrong ends as one line on standard error and a status; nothing is thrown. */
export async function runCommand([name, ...rest]: readonly string[]): Promise<number> {
  if (name === '--version') {
    process.stdout.write(`jetstream ${version()}\n`);
    return EXIT_CODES.ok.status;
  }
  if (name === '--help' || name === 'help') {
    process.stdout.write(helpText());
    return EXIT_CODES.ok.status;
  }
  let statusOf = exitStatusOf;
  try {
    const command = find(name);
    statusOf = command.statusOf;
    return await command.run(rest);
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`);
    return error instanceof JetStreamError ? statusOf(error.code) : EXIT_CODES.internal.status;
  }
}

function find(name: string | undefined): Command {
  const command = Object.entries(COMMANDS).find(([known]) => known === name)?.[1];
  if (command) return command;
  const what = name === undefined ? 'no command given' : `unknown command ${JSON.stringify(name)}`;
  const known = Object.keys(COMMANDS).join(', ');
  throw new JetStreamError('invalid-argument', `${what}; there is: ${known} (see jetstream --help)`);
}

function helpText(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, { describe }]) => `  jetstream ${name.padEnd(10)} ${describe}`,
  );
  return `Usage: jetstream COMMAND [options]

Commands:
${commands.join('\n')}

Options:
  --version  Print the version, and exit
  --help     Print this, and exit; "jetstream COMMAND --help" tells a command's own options

To copy files see: jscp --help
`;
}

/** One line; with JETSTREAM_DEBUG set, the stack as well. */
function errorLine(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const text =
    error instanceof JetStreamError ? message : `internal error: ${message} (JETSTREAM_DEBUG=1 shows where)`;
  const line = `jetstream: ${text.replace(/\s*\n\s*/g, ' ')}`;
  return process.env.JETSTREAM_DEBUG ? `${line}\n${stack}` : line;
}
