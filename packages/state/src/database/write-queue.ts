import { statSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import type { AbstractSublevel } from 'abstract-level';
import type { BatchOperation } from 'classic-level';
import { databaseError } from './database-error.ts';
import type { Database } from './open-database.ts';

/** Of one batch; what is asked for beyond goes into the next. One commit that is larger is not divided. */
const MAX_BATCH_BYTES = 8 * 2 ** 20;
/** What was removed, above which the database is told to give the room back. */
const COMPACT_ABOVE_BYTES = 16 * 2 ** 20;

export type Table = AbstractSublevel<Database, string | Buffer | Uint8Array, string, Uint8Array>;
export type Operation = BatchOperation<Database, string, Uint8Array>;

interface Commit {
  operations: readonly Operation[];
  undo: () => readonly Operation[];
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Batch {
  commits: Commit[];
  bytes: number;
}

type Step = Batch | (() => Promise<void>);

/**
 * All writes to a database, one after the other, in the order in which they were asked for. Commits asked for in one turn, and those
 * asked for while others are written, are one synced batch (group commit).
 */
export class WriteQueue {
  readonly database: Database;
  readonly #onNote: (note: string) => void;
  /** Of the directory as it was opened; undefined in memory. */
  readonly #inode: number | undefined;
  readonly #tables: Table[] = [];
  readonly #steps: Step[] = [];
  readonly #reads = new Set<Promise<unknown>>();
  /** By table and key: what the database has to be brought back to, as a batch that failed may be found there all the same. */
  readonly #amends = new Map<string, Operation>();
  #running: Promise<void> | undefined;
  #reopening: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #removedBytes = 0;
  #hasFailed = false;
  #isClosed = false;

  constructor(database: Database, onNote: (note: string) => void) {
    this.database = database;
    this.#onNote = onNote;
    this.#inode = inodeOf(database);
  }

  table(name: string): Table {
    const table = openTable(this.database, name);
    this.#tables.push(table);
    return table;
  }

  /**
   * All of it or nothing, and durable when it resolves. When it fails all commits that wait behind it fail too: what they write may
   * have come of what it wrote.
   * @param undo takes back in memory what was to be written, and says how that stands in the database; the last commit's is called
   *   first
   * @throws JetStreamError `disk-full`, `quota-exceeded`, `read-only`, `io-error` and the like
   */
  async commit(operations: readonly Operation[], undo: Commit['undo'] = () => []): Promise<void> {
    if (operations.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      const batch = this.#lastBatch();
      batch.commits.push({ operations, undo, resolve, reject });
      for (const operation of operations) batch.bytes += bytesOf(operation);
      this.#run();
    });
  }

  /** Writes of several steps; nothing else is written meanwhile. @throws JetStreamError as `commit` */
  exclusively(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#steps.push(() => this.#writing(work).then(resolve, reject));
      this.#run();
    });
  }

  /** Reads while the database is open. @throws JetStreamError as `commit` */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      if (this.#reopening !== undefined || this.database.status !== 'open') await this.#reopen();
      const read = work();
      this.#reads.add(read);
      return await read.finally(() => this.#reads.delete(read));
    } catch (error) {
      throw databaseError(error, this.database.location);
    }
  }

  /** Removes a range of keys, within `exclusively`; not synced. */
  async clear(table: Table, range: { gte: string; lt: string }): Promise<void> {
    const [start, end] = [wholeKey(table, range.gte), wholeKey(table, range.lt)];
    this.#removedBytes += await this.database.approximateSize(start, end);
    await table.clear(range);
    if (this.#removedBytes > COMPACT_ABOVE_BYTES) this.#compact();
  }

  /** All that was asked for is written, or has failed; nothing more is taken. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    // What failed last must not be found by the next process.
    if (this.#amends.size > 0)
      await this.#reopen().catch((error) => this.#onNote(`the state: ${String(error)}`));
    await this.#compacting;
    this.#isClosed = true;
  }

  #lastBatch(): Batch {
    const last = this.#steps.at(-1);
    if (typeof last === 'object' && last.bytes < MAX_BATCH_BYTES) return last;
    const batch = { commits: [], bytes: 0 };
    this.#steps.push(batch);
    return batch;
  }

  #run(): void {
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    // What else is asked for in this turn goes along.
    await undefined;
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
      await (typeof step === 'object' ? this.#write(step) : step());
    }
    this.#running = undefined;
  }

  async #write(batch: Batch): Promise<void> {
    try {
      await this.#writing(async () => {
        const operations = batch.commits.flatMap((commit) => commit.operations);
        await this.database.batch(operations, { sync: true });
      });
      for (const { resolve } of batch.commits) resolve();
    } catch (error) {
      this.#fail([batch, ...this.#takeBatches()], error as Error);
    }
  }

  #takeBatches(): Batch[] {
    const batches = this.#steps.filter((step) => typeof step === 'object');
    const others = this.#steps.filter((step) => typeof step === 'function');
    this.#steps.splice(0, this.#steps.length, ...others);
    return batches;
  }

  #fail(batches: readonly Batch[], error: Error): void {
    const commits = batches.flatMap((batch) => batch.commits);
    for (const { undo } of commits.toReversed()) {
      for (const operation of undo()) this.#amends.set(placeOf(operation), operation);
    }
    for (const { reject } of commits) reject(error);
  }

  /** LevelDB takes no write after one that failed, on a full disk for example, until it is opened again. */
  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      this.#checkDirectory();
      if (this.#hasFailed || this.#isClosed) await this.#reopen();
      await work();
    } catch (error) {
      this.#hasFailed = true;
      throw databaseError(error, this.database.location);
    }
  }

  /**
   * A directory that was removed takes writes all the same, as its files are open; nobody would find them again. Nor may it be begun
   * anew: what is in memory would be missing from it.
   */
  #checkDirectory(): void {
    if (this.#inode === undefined || this.#inode === inodeOf(this.database)) return;
    const { location } = this.database;
    throw new JetStreamError(
      'io-error',
      `the state in ${location} was removed or replaced while it is in use, and nothing is kept any more: bring it back, or start again`,
      { subject: location },
    );
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#closeAndOpen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #closeAndOpen(): Promise<void> {
    if (this.#isClosed) throw new Error('it is closed');
    this.#checkDirectory();
    await Promise.allSettled([this.#compacting, ...this.#reads]);
    await this.database.close();
    await this.database.open();
    await Promise.all(this.#tables.map((table) => table.open()));
    await this.database.batch([...this.#amends.values()], { sync: true });
    this.#amends.clear();
    this.#hasFailed = false;
  }

  #compact(): void {
    this.#removedBytes = 0;
    this.#compacting ??= this.database
      .compactRange('', '\u{10ffff}')
      .catch((error) => this.#onNote(`the state could not be compacted: ${String(error)}`))
      .finally(() => {
        this.#compacting = undefined;
      });
  }
}

function inodeOf({ location }: Database): number | undefined {
  return location === undefined ? undefined : statSync(location, { throwIfNoEntry: false })?.ino;
}

function openTable(database: Database, name: string): Table {
  return database.sublevel<string, Uint8Array>(name, { valueEncoding: 'view' });
}

function bytesOf(operation: Operation): number {
  return operation.key.length + (operation.type === 'put' ? operation.value.byteLength : 0);
}

function placeOf({ sublevel, key }: Operation): string {
  return wholeKey(sublevel as Table, key);
}

function wholeKey(table: Table, key: string): string {
  return table.prefixKey(key, 'utf8', true);
}
