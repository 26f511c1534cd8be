import type { RatePolicyOptions } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import yargs from 'yargs';
import { type CopyPlan, planCopy } from './copy-plan.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { readRatePolicy } from './rate-policy.ts';

/** Everything one copy needs, each value parsed and in its range. */
export interface JscpOptions {
  plan: CopyPlan;
  port: number | undefined;
  identityFile: string | undefined;
  knownHostsFile: string | undefined;
  acceptNew: boolean;
  ratePolicy: RatePolicyOptions | undefined;
  congestion: 'bbr' | 'cubic' | undefined;
  portable: boolean;
  pathMemory: boolean;
  connectTimeoutMs: number;
  symlinks: 'follow' | 'ignore';
  output: 'progress' | 'quiet' | 'json';
}

export type Command =
  | { do: 'copy'; options: JscpOptions }
  | { do: 'print-identity' }
  | { do: 'print-version' }
  | { do: 'print-help'; text: string };

/** Short options that take a value; POSIX lets the value follow at once (`-P8886`). */
const ATTACHED_VALUE = /^(-[dPil])=?(.+)$/s;

/**
 * @param argv the command line without node and script
 * @throws JetStreamError `invalid-argument`, in one line
 */
export async function parseCommandLine(argv: readonly string[], columns = 80): Promise<Command> {
  const parser = describeOptions(columns);
  const values = parser.parseSync(splitAttachedValues(argv));
  if (values.help) return { do: 'print-help', text: await parser.getHelp() };
  if (values.version) return { do: 'print-version' };
  if (values.printIdentity) return { do: 'print-identity' };
  if (values.json && values.q) throw usage('--json and -q exclude each other');

  return {
    do: 'copy',
    options: {
      plan: planCopy(values._.map(String), values.d),
      port: values.P === undefined ? undefined : parsePort(values.P),
      identityFile: values.i,
      knownHostsFile: values.knownHosts,
      acceptNew: values.acceptNew ?? false,
      ratePolicy: readRatePolicy(values),
      congestion: values.congestion,
      portable: values.datagrams === 'portable',
      pathMemory: !values.noPathMemory,
      connectTimeoutMs: parseTimeout(values.connectTimeout) * 1000,
      symlinks: values.symlinks,
      output: values.json ? 'json' : values.q ? 'quiet' : 'progress',
    },
  };
}

function describeOptions(columns: number) {
  return yargs([])
    .scriptName('jscp')
    .locale('en')
    .usage(USAGE)
    .help(false)
    .version(false)
    .options({
      d: { type: 'string', requiresArg: true, describe: 'Destination path, put before every target' },
      P: { type: 'string', requiresArg: true, describe: 'UDP port of the server [default: 8886]' },
      i: {
        type: 'string',
        requiresArg: true,
        describe:
          'Private key to log in with (OpenSSH, Ed25519) [default: own identity, agent, ~/.ssh/id_ed25519]',
      },
      policy: {
        choices: ['low', 'fair', 'high', 'fixed'] as const,
        requiresArg: true,
        describe: 'low takes what others leave, high more than its share, fixed --rate [default: "fair"]',
      },
      rate: { type: 'string', requiresArg: true, describe: `Rate of --policy fixed: ${RATE}` },
      'min-rate': { type: 'string', requiresArg: true, describe: 'Rate to keep whatever is lost' },
      'max-rate': {
        alias: 'l',
        type: 'string',
        requiresArg: true,
        describe: 'Rate never to exceed',
      },
      r: { type: 'boolean', describe: 'Accepted for habit: directories are always copied whole' },
      q: { type: 'boolean', describe: 'Say nothing but errors' },
      json: { type: 'boolean', describe: 'One JSON object a line on standard output' },
      symlinks: {
        choices: ['follow', 'ignore'] as const,
        default: 'follow' as const,
        requiresArg: true,
        describe: 'What to do with symbolic links among the sources',
      },
      'known-hosts': { type: 'string', requiresArg: true, describe: 'File of known host keys' },
      'accept-new': {
        type: 'boolean',
        describe: 'Remember the key of a host not seen before; a changed key is always refused',
      },
      'connect-timeout': {
        type: 'string',
        default: '10',
        requiresArg: true,
        describe: 'Seconds to wait for the server to answer',
      },
      congestion: {
        choices: ['bbr', 'cubic'] as const,
        requiresArg: true,
        describe: 'Congestion control of what this side sends [default: "bbr"]',
      },
      datagrams: {
        choices: ['auto', 'portable'] as const,
        default: 'auto' as const,
        requiresArg: true,
        describe: 'portable: no native functions for the network, as with JETSTREAM_PORTABLE=1',
      },
      'no-path-memory': {
        type: 'boolean',
        describe: 'Begin as if to a host never copied to, and keep nothing of how fast this copy was',
      },
      'print-identity': {
        type: 'boolean',
        describe: "Print the line for the server's authorized_keys, and exit",
      },
      version: { type: 'boolean', describe: 'Print the version, and exit' },
      help: { type: 'boolean', describe: 'Print this, and exit' },
    })
    .strictOptions()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw usage(inOneLine(message ?? error.message));
    })
    .parserConfiguration({
      'boolean-negation': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .wrap(Math.min(100, columns))
    .epilogue(EPILOGUE);
}

const RATE = 'number and B, K, M or G bits per second; no unit means M';

const USAGE = `Usage: jscp [options] SRC… DEST

Copies files and whole directories to or from a JetStream server, over UDP.
One side is remote: [user@]host:path, or [user@][IPv6 address]:path.
A local name with a colon is written ./a:b.

DEST names the thing itself: "jscp a host:/x" makes /x. With a slash at its
end, or with several sources, it names the directory to copy into:
"jscp a host:/x/" makes /x/a.`;

const EPILOGUE = `Examples:
  jscp report.pdf host:/in/report.pdf     to the server
  jscp -P 9000 photos bob@host:/photos    a directory, as user bob, port 9000
  jscp -l 500M host:/data/set.tar .       from the server, at 500 Mbit/s at most
  jscp --policy low backup host:/backup   only with what others leave of the line

Exit status:
${Object.values(EXIT_CODES)
  .map(({ status, meaning }) => `  ${String(status).padStart(3)}  ${meaning}`)
  .join('\n')}

Files: identity, known_hosts and paths.json are in $JETSTREAM_CONFIG_DIR
       (default $XDG_CONFIG_HOME/jetstream or ~/.config/jetstream).`;

function splitAttachedValues(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const split = options.flatMap((word) => ATTACHED_VALUE.exec(word)?.slice(1) ?? [word]);
  return end < 0 ? split : [...split, ...argv.slice(end)];
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw usage(`-P ${text}: a port is a number from 1 to 65535`);
  return port;
}

/** At most an hour, which is more than anybody waits. */
function parseTimeout(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds <= 0 || seconds > 3600) {
    throw usage(`--connect-timeout ${text}: give seconds above 0 and up to 3600`);
  }
  return seconds;
}

/** What yargs says, as one line that a person of this command line understands. */
function inOneLine(message: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message);
  if (unknown) {
    const names = [...new Set(unknown[1]!.split(', '))].map(dashed);
    return `unknown option ${names.join(', ')}`;
  }
  const missing = /^Not enough arguments following: (.*)$/.exec(message);
  if (missing) return `${dashed(missing[1]!)} needs a value`;
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (see jscp --help)`);
}
