import { parseArgs } from 'node:util';
import { JetStreamError } from '@jetstream/protocol';

/** Everything one run needs. */
export interface BenchCommand {
  /** Names; none: all. */
  cases: string[];
  /** Of each case; names; undefined: those of the case that are there. */
  contenders: string[] | undefined;
  /** Of the case `rough`: only the surroundings whose label has this in it. */
  surroundings: string;
  runs: number;
  /** For results. */
  outputDirectory: string;
  /** In which files are copied. */
  diskDirectory: string;
  memoryDirectory: string;
}

export const USAGE = `npm run bench -- [CASE…] [options]

Copies real files between real processes, through emulated WANs and on loopback, by JetStream and by the peers that are installed,
in turns; compares every copy byte for byte; prints tables in Markdown. Needs Linux and root: it makes network namespaces.

  --list               the cases and the contenders, and what is missing for them
  --runs N             rounds, 1 to 100; default 3
  --peers A,B,…        only these contenders; default: those of the case that are installed
  --surroundings TEXT  of the case rough: only those with this in their name
  --output DIRECTORY   for JSON, tables and plots; default bench-results
  --disk DIRECTORY     where files are copied; default /var/tmp
  --memory DIRECTORY   a tmpfs, for the cases that no disk shall decide; default /dev/shm
  --install-peers      installs the peers from Debian's packages and ends
  --help               this
`;

/**
 * @param argv the command line without node and script
 * @throws JetStreamError `invalid-argument`, in one line
 */
export function parseCommandLine(argv: readonly string[]): BenchCommand | 'help' | 'list' | 'install-peers' {
  const { values, positionals } = read(argv);
  if (values.help) return 'help';
  if (values.list) return 'list';
  if (values['install-peers']) return 'install-peers';
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100)
    throw usage(`--runs is 1 to 100, not ${values.runs}`);
  return {
    cases: positionals,
    contenders: values.peers?.split(',').map((name) => name.trim()),
    surroundings: values.surroundings,
    runs,
    outputDirectory: values.output,
    diskDirectory: values.disk,
    memoryDirectory: values.memory,
  };
}

function read(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        list: { type: 'boolean' },
        help: { type: 'boolean' },
        'install-peers': { type: 'boolean' },
        surroundings: { type: 'string', default: '' },
        runs: { type: 'string', default: '3' },
        peers: { type: 'string' },
        output: { type: 'string', default: 'bench-results' },
        disk: { type: 'string', default: '/var/tmp' },
        memory: { type: 'string', default: '/dev/shm' },
      },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

export function usage(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (--help, --list)`);
}
