import { type ParseArgsConfig, parseArgs } from 'node:util';
import { OPTIONS, type OptionValues, type Words } from './option-table.ts';

/**
 * Reads what nearly every command line is: known options, well-formed. Node has this built in, while to load yargs and run it takes
 * a tenth of a short copy.
 * @returns undefined for anything else: yargs makes something of it, or says what is wrong
 */
export function parsePlainly(argv: readonly string[]): Words | undefined {
  if (argv.some(isGroup)) return undefined;
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: PLAIN, allowPositionals: true });
    const isUsual =
      !values.help &&
      !positionals.some(isSwitchValue) &&
      Object.entries(values).every(([name, value]) => isPlain(name, value));
    if (!isUsual) return undefined;
    return { values: values as OptionValues, operands: positionals };
  } catch {
    return undefined;
  }
}

const ENTRIES = Object.entries(OPTIONS) as [
  string,
  { type?: string; alias?: string; choices?: readonly string[] },
][];

const PLAIN: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
  ENTRIES.map(([name, { type, alias }]) => {
    const short = alias ?? (name.length === 1 ? name : undefined);
    return [name, { type: type === 'boolean' ? type : 'string', ...(short !== undefined && { short }) }];
  }),
);

const CHOICES = new Map(ENTRIES.map(([name, { choices }]) => [name, choices]));

/** Short options in one word, such as `-rp`: the two have their own minds of values in such a thing. */
function isGroup(word: string): boolean {
  return /^-[^-]./.test(word);
}

/** yargs takes it for the value of a switch that stands before it. */
function isSwitchValue(operand: string): boolean {
  return operand === 'true' || operand === 'false';
}

/** yargs takes quotes off a value, and an empty one for none. */
function isPlain(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return true;
  return value !== '' && !/^["']/.test(value) && (CHOICES.get(name)?.includes(value) ?? true);
}
