import { readSync, writeSync } from 'node:fs';

const STANDARD_INPUT = 0;
const STANDARD_OUTPUT = 1;

/** Lines from standard input, read when there is something to read, in a process that has no event loop to spare. */
export class ControlLines {
  readonly fd = STANDARD_INPUT;
  readonly #buffer = Buffer.alloc(65_536);
  #text = '';

  /** Call when `fd` is readable. @returns the lines that are complete; undefined: the other side is gone */
  read(): string[] | undefined {
    const length = readSync(this.fd, this.#buffer);
    if (length === 0) return undefined;
    this.#text += this.#buffer.toString('utf8', 0, length);
    const lines = this.#text.split('\n');
    this.#text = lines.pop()!;
    return lines;
  }

  answer(value: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    for (let written = 0; written < bytes.length; ) written += writeSync(STANDARD_OUTPUT, bytes, written);
  }
}
