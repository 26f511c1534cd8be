import { readFileSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';

/** One option as it was given, and where, for the message when its value is wrong. */
export interface GivenOption {
  name: string;
  value: string;
  /** `--recv-port`, or `/etc/jetstream/server.conf:3: --recv-port`. */
  origin: string;
}

/** By name. */
type KnownOptions = Readonly<Record<string, { isFlag?: true }>>;

/**
 * Reads a response file: one option per line, `--name value` or `--name=value`; `#` begins a comment line.
 * The value is the rest of the line, without quotes or escapes; a flag may have none, which means yes.
 * @throws JetStreamError `invalid-argument`, `not-found` or `permission-denied`, naming the file and line
 */
export function readResponseFile(path: string, known: KnownOptions): GivenOption[] {
  return parseResponseFile(readText(path), path, known);
}

export function parseResponseFile(text: string, path: string, known: KnownOptions): GivenOption[] {
  const options: GivenOption[] = [];
  for (const [index, rawLine] of text.split(/\r?\n/).entries()) {
    const line = rawLine.trim();
    if (line === '' || line.startsWith('#')) continue;
    const place = `${path}:${index + 1}`;
    const match = /^--([a-z][a-z-]*)(?:\s*=\s*|\s+)(.+)$/.exec(line);
    const name = match?.[1] ?? /^--([a-z][a-z-]*)$/.exec(line)?.[1];
    if (name === undefined) {
      throw new JetStreamError(
        'invalid-argument',
        `${place}: expected "--name value", found ${JSON.stringify(line)}`,
      );
    }
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined)
      throw new JetStreamError('invalid-argument', `${place}: unknown option --${name}`);
    const value = match?.[2] ?? (option.isFlag ? 'yes' : undefined);
    if (value === undefined)
      throw new JetStreamError('invalid-argument', `${place}: --${name} needs a value`);
    options.push({ name, value, origin: `${place}: --${name}` });
  }
  return options;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const quoted = JSON.stringify(path);
    if (code === 'ENOENT') {
      throw new JetStreamError('not-found', `there is no configuration file ${quoted}`, { subject: path });
    }
    throw new JetStreamError('permission-denied', `cannot read the configuration file ${quoted}: ${code}`, {
      subject: path,
      cause: error,
    });
  }
}
