import { readFileSync } from 'node:fs';
import { replacePrivateFile } from '@jetstream/auth';

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
    replacePrivateFile(this.#file, JSON.stringify([...next]));
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
