import type { JetStreamError } from '@jetstream/protocol';
import yargs, { type Options } from 'yargs';

export interface CommandLine {
  program: string;
  /** What stands above the options in --help, and below them. */
  usage: string;
  epilogue: string;
  options: Readonly<Record<string, Options>>;
  /** Whether an option may be given several times, which makes a list of its values; else the last one counts. */
  mayRepeat: boolean;
  /** Width of --help; 100 at most. */
  columns: number;
  /** @param message one line, about what is wrong with the command line */
  refuse: (message: string) => JetStreamError;
}

/** A yargs that takes the options described and no others, all values as they are written, and refuses in one line. */
export function optionParser({ program, usage, epilogue, options, mayRepeat, columns, refuse }: CommandLine) {
  return yargs([])
    .scriptName(program)
    .locale('en')
    .usage(usage)
    .help(false)
    .version(false)
    .options(options)
    .strictOptions()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw refuse(inOneLine(message ?? error.message));
    })
    .parserConfiguration({
      'boolean-negation': false,
      'dot-notation': false,
      'duplicate-arguments-array': mayRepeat,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .wrap(Math.min(100, columns))
    .epilogue(epilogue);
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
  return message.replace(/\s*\n\s*/g, ' ').trim();
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
