import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where administrators' programs are, which are not on every PATH. */
const MORE = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** @returns undefined when it is not installed */
export function findCommand(command: string): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), ...MORE]
    .map((directory) => join(directory, command))
    .find((path) => existsSync(path));
}

export function commandLack(...commands: readonly string[]): string | undefined {
  const missing = commands.filter((command) => findCommand(command) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(' and ')} not installed`;
}
