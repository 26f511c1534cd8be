import { escapeName } from '@jetstream/manifest';

/** What is done to a file system; `write-back` is the system's own doing. */
export type Operation = keyof typeof DISK_TIME_US;

/** Time that a disk of a usual kind (SSD) takes, in microseconds; what the page cache answers takes none. */
const DISK_TIME_US = {
  status: 0,
  'open directory': 0,
  'read names': 20,
  'close directory': 0,
  'open file': 0,
  'create file': 20,
  'make directory': 20,
  rename: 20,
  link: 20,
  remove: 20,
  'set attributes': 0,
  read: 0,
  seek: 0,
  write: 0,
  truncate: 0,
  'punch hole': 0,
  'write-back': 20,
  'start write-back': 0,
  'drop from cache': 0,
  'sync file': 500,
  'sync directory': 500,
  'close file': 0,
  'open volume': 0,
  'sync volume': 1000,
  'close volume': 0,
} as const;

/** Of a page that goes to the disk: 500 MB/s. */
export const PAGE_TIME_US = 8;

/** What was done, for tests of an order and for messages of failure; and how long a disk would have been busy with it. */
export class OperationLog {
  #steps = 0;
  #diskTimeUs = 0;
  #entries: string[] = [];

  /** Operations so far. */
  get steps(): number {
    return this.#steps;
  }

  get diskTimeUs(): number {
    return this.#diskTimeUs;
  }

  add(operation: Operation, path: string): void {
    this.#steps++;
    this.#diskTimeUs += DISK_TIME_US[operation];
    this.#entries.push(`${operation} ${path}`);
  }

  busy(us: number): void {
    this.#diskTimeUs += us;
  }

  /** What happened that is no operation of the program. */
  note(text: string): void {
    this.#entries.push(text);
  }

  /** Entries such as `rename /a`, and forgets them. */
  take(pattern = /./): string[] {
    const taken = this.#entries.filter((entry) => pattern.test(entry));
    this.#entries = [];
    return taken;
  }

  /** The last ones, for a message. */
  toString(): string {
    return this.#entries
      .slice(-60)
      .map((entry) => escapeName(entry))
      .join('\n');
  }
}
