import { exitCodeLines } from '@jetstream/command-line';
import { optionParser } from '@jetstream/command-line/option-parser';
import { EXIT_CODES } from './exit-codes.ts';
import { OPTIONS, type OptionValues, type Words } from './option-table.ts';
import { usageError } from './usage-error.ts';

/**
 * Reads a command line with yargs, which knows what is wrong with one that is.
 * @throws JetStreamError `invalid-argument`, in one line
 */
export function parseFully(argv: readonly string[]): Words {
  const { _: operands, ...values } = describe(80).parseSync([...argv]);
  return { values: values as OptionValues, operands: operands.map(String) };
}

export async function helpText(columns: number): Promise<string> {
  return describe(columns).getHelp();
}

function describe(columns: number) {
  return optionParser({
    program: 'jscp',
    usage: USAGE,
    epilogue: EPILOGUE,
    options: OPTIONS,
    mayRepeat: false,
    columns,
    refuse: usageError,
  });
}

const USAGE = `Usage: jscp [options] SRC… DEST

Copies files and whole directories to or from a JetStream server, over UDP.
One side is remote: [user@]host:path, or [user@][IPv6 address]:path.
With --via both are: SRC are absolute paths at the --via server.
A local name with a colon is written ./a:b.

DEST names the thing itself: "jscp a host:/x" makes /x. With a slash at its
end, or with several sources, it names the directory to copy into:
"jscp a host:/x/" makes /x/a.`;

const EPILOGUE = `Examples:
  jscp report.pdf host:/in/report.pdf     to the server
  jscp -P 9000 photos bob@host:/photos    a directory, as user bob, port 9000
  jscp -l 500M host:/data/set.tar .       from the server, at 500 Mbit/s at most
  jscp --policy low backup host:/backup   only with what others leave of the line
  jscp --via a.lan /set b.lan:/set        from a.lan to b.lan, not through here

Exit status:
${exitCodeLines(EXIT_CODES)}

Password: asked for on a terminal when no key lets in, or taken from
          $JETSTREAM_PASSWORD. At a --via server: $JETSTREAM_API_PASSWORD or
          $JETSTREAM_API_TOKEN; what it logs in with at DEST:
          $JETSTREAM_VIA_PASSWORD or $JETSTREAM_VIA_TOKEN.

Files: identity, known_hosts and paths.json are in $JETSTREAM_CONFIG_DIR
       (default $XDG_CONFIG_HOME/jetstream or ~/.config/jetstream).`;
