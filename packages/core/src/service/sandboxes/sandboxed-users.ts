import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileError } from '@jetstream/platform';

/**
 * Names of those who have a sandbox mapping, in a file beside the database. So a mapping that is lost with a damaged database is known to
 * be missing, and its user is refused rather than let see the whole machine.
 */
export class SandboxedUsers {
  readonly #file: string;
  #users: ReadonlySet<string> | undefined;

  /** A file that is there and cannot be read leaves open who is in it. */
  constructor(file: string) {
    this.#file = file;
    this.#users = read(file);
  }

  /** As far as they are known. */
  get names(): Iterable<string> {
    return this.#users ?? [];
  }

  /** True also where it cannot be told. */
  mayHave(user: string): boolean {
    return this.#users === undefined || this.#users.has(user);
  }

  /** Durable when it returns. @throws JetStreamError of the file operation that failed */
  replace(users: Iterable<string>): void {
    const next = new Set(users);
    const temporary = `${this.#file}.new`;
    try {
      writeDurably(temporary, JSON.stringify([...next]));
      renameSync(temporary, this.#file);
      syncDirectory(dirname(this.#file));
    } catch (error) {
      throw fileError(error, this.#file);
    }
    this.#users = next;
  }
}

function read(file: string): Set<string> | undefined {
  try {
    const users: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(users) && users.every((user) => typeof user === 'string')
      ? new Set(users)
      : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Set() : undefined;
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
