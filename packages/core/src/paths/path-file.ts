import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { KnownPath, PathStore } from '../contract.ts';
import { MAX_PATHS, mergePaths, parsePaths, serialisePaths } from './path-list.ts';

const MAX_FILE_BYTES = MAX_PATHS * 1024;

/**
 * A file of known paths, for programs that run one copy and end. It holds hints only: what cannot be read counts as empty and is
 * replaced. Programs that write at the same time do not harm each other: each reads, merges, and puts its file in the place of the
 * old one whole; at worst one forgets what another has just learnt.
 */
export class PathFile implements PathStore {
  readonly #file: string;
  readonly #onUnreadable: (why: string) => void;

  /** @param onUnreadable hears why a file that is there was not used */
  constructor(file: string, onUnreadable: (why: string) => void) {
    this.#file = file;
    this.#onUnreadable = onUnreadable;
  }

  async load(): Promise<readonly KnownPath[]> {
    try {
      return parsePaths(readSmallFile(this.#file), Date.now());
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT')
        this.#onUnreadable(`${this.#file} is not used, and will be replaced: ${message}`);
      return [];
    }
  }

  /** @throws Error of the file operation that failed */
  async save(path: KnownPath): Promise<void> {
    const paths = mergePaths([await this.load(), [path]], Date.now());
    const temporary = `${this.#file}.${randomBytes(8).toString('hex')}.tmp`;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    try {
      // Not synced: nobody should wait for a hint to be durable, and one that a power cut damages is no loss.
      writeFileSync(temporary, serialisePaths(paths), { flag: 'wx', mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}

function readSmallFile(file: string): string {
  // O_NONBLOCK: to open a FIFO must not wait for a writer.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (stats.size > MAX_FILE_BYTES) throw new Error('it is too large');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}
