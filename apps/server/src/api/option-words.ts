import type { OptionKind } from '@jetstream/core/api-client';
import { usage } from './usage.ts';

/** Options as they stand on a command line, with the words given to each. */
export interface GivenOptions {
  options: Map<string, string[]>;
  /** Everything from the first word on that belongs to no option. */
  rest: readonly string[];
}

/**
 * Takes `--name value` and `--name=value` apart. A list takes all words up to the next option, and may be given several times;
 * a boolean needs no value. A value that begins with `--` is written with `=`.
 * @param kindOf what an option takes; undefined: there is none of that name
 * @throws JetStreamError `invalid-argument`
 */
export function takeOptions(
  words: readonly string[],
  kindOf: (name: string) => OptionKind | undefined,
): GivenOptions {
  const options = new Map<string, string[]>();
  let at = 0;
  while (at < words.length && isOption(words[at]!)) {
    const [, name = '', , inline] = /^--([^=]*)(=(.*))?$/s.exec(words[at++]!)!;
    const kind = kindOf(name);
    if (kind === undefined) throw usage(`unknown option --${name}`);
    const takesSeveral = kind === 'list' || kind === 'map';
    if (options.has(name) && !takesSeveral) throw usage(`--${name} is given twice`);
    const values = options.get(name) ?? [];
    options.set(name, values);

    if (inline !== undefined) values.push(inline);
    else if (kind === 'boolean') values.push(/^(true|false)$/.test(words[at] ?? '') ? words[at++]! : 'true');
    else if (at >= words.length || isOption(words[at]!)) throw usage(`--${name} needs a value`);
    else values.push(words[at++]!);
    while (takesSeveral && at < words.length && !isOption(words[at]!)) values.push(words[at++]!);
  }
  return { options, rest: words.slice(at) };
}

function isOption(word: string): boolean {
  return word.startsWith('--');
}
