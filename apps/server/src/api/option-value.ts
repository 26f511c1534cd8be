import { readFileSync } from 'node:fs';
import { type CommandOption, type Json, readSecretFile } from '@jetstream/core/api-client';
import { usage } from './usage.ts';

/** Their values may be read from a file too: others can see what stands on a command line. */
const SECRETS = new Map([
  ['password', 'password'],
  ['privateKey', 'private key'],
  ['token', 'token'],
  ['tokenPassword', 'password'],
  ['licenseKey', 'licence key'],
]);

/**
 * What the words given to an option say. `null` stands for null where that is allowed; objects and lists may be JSON, and JSON
 * may be in a file (`@FILE`, or `-` for standard input); `key=value` adds to an object.
 * @throws JetStreamError `invalid-argument`
 */
export function optionValue(option: CommandOption, words: readonly string[]): Json {
  const [first = '', ...more] = words;
  if (option.isNullable && first === 'null') return null;
  switch (option.kind) {
    case 'text': {
      const secret = SECRETS.get(option.name);
      if (secret && isElsewhere(first)) return readElsewhere(option.name, first, secret).trimEnd();
      return mayBeObject(option) && first.startsWith('{') ? parse(option.name, first) : first;
    }
    case 'number':
      return number(option.name, first);
    case 'boolean':
      if (first !== 'true' && first !== 'false') throw usage(`--${option.name} is true or false`);
      return first === 'true';
    case 'list':
      if (more.length === 0 && (isElsewhere(first) || first.startsWith('['))) return json(option.name, first);
      return words.map((word) =>
        mayBeObject(option) && word.startsWith('{') ? parse(option.name, word) : word,
      );
    case 'map':
      if (more.length === 0 && (isElsewhere(first) || first.startsWith('{'))) return json(option.name, first);
      return Object.fromEntries(words.map((word) => pair(option.name, word)));
    case 'json':
      return json(option.name, first);
  }
}

/** JSON of an option as it stands there, or of the file that it names. @throws JetStreamError `invalid-argument` */
export function json(name: string, word: string): Json {
  return parse(name, isElsewhere(word) ? readElsewhere(name, word) : word);
}

function mayBeObject({ type }: CommandOption): boolean {
  return type.includes('{');
}

function isElsewhere(word: string): boolean {
  return word === '-' || (word.startsWith('@') && word.length > 1);
}

/** @param secret what is read, where nobody else may have it */
function readElsewhere(name: string, word: string, secret?: string): string {
  try {
    if (word === '-') return readFileSync(0, 'utf8');
    return secret ? readSecretFile(word.slice(1), secret) : readFileSync(word.slice(1), 'utf8');
  } catch (error) {
    throw usage(`--${name} ${word}: ${(error as Error).message}`);
  }
}

function parse(name: string, text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    // What V8 says quotes the text, which may be a secret.
    throw usage(`--${name} is no JSON`);
  }
}

function number(name: string, word: string): number {
  if (!/^[+-]?\d+(\.\d+)?$/.test(word)) throw usage(`--${name} needs a number, not ${JSON.stringify(word)}`);
  return Number(word);
}

function pair(name: string, word: string): [string, string] {
  const at = word.indexOf('=');
  if (at < 1) throw usage(`--${name} takes key=value, or JSON`);
  return [word.slice(0, at), word.slice(at + 1)];
}
