import { JetStreamError } from '@jetstream/protocol';
import type { Operation, Table, WriteQueue } from '../database/write-queue.ts';
import { openValue, sealValue } from '../sealed-value.ts';
import { type AppliedChange, applyChanges, type Change } from './change.ts';

const VERSION = 1;
export const MAX_OBJECTS = 100_000;
const MAX_ID_BYTES = 512;
const MAX_VALUE_BYTES = 2 ** 20;
const LATER_MS = 5_000;

export interface CollectionOptions<T extends object> {
  /** Makes an object of a value that was read. @returns undefined for what is none; that one is passed over, and stays on disk */
  decode?: (value: unknown) => T | undefined;
}

/**
 * Objects of one kind by id, all of them in memory, in no order that means anything. Plain data, as JSON or with Uint8Array. An object
 * is never changed: another is put in its place.
 */
export interface Collection<T extends object> {
  readonly name: string;
  readonly size: number;
  /** As last put; also while that is being written. */
  get(id: string): Readonly<T> | undefined;
  has(id: string): boolean;
  values(): IterableIterator<Readonly<T>>;
  entries(): IterableIterator<[string, Readonly<T>]>;
  /**
   * Is seen at once, and durable when it resolves. When it rejects, all is as before.
   * @param also of other collections, written in one with it
   * @throws JetStreamError `limit-exceeded` (100,000 objects, 1 MiB each), `invalid-argument`; `disk-full`, `quota-exceeded`,
   *   `read-only`, `io-error` and the like
   */
  put(id: string, value: T, also?: readonly Change[]): Promise<void>;
  /** As `put`; of what is not there too. */
  delete(id: string, also?: readonly Change[]): Promise<void>;
  /** For `State.write`. @param value undefined: deletes it */
  change(id: string, value: T | undefined): Change;
  /** For progress: is seen at once, and written within 5 s if the disk takes it. Does nothing when there is no object of that id. */
  putLater(id: string, value: T): void;
}

/** `Collection` in a table of the database. */
export class MirroredCollection<T extends object> implements Collection<T> {
  readonly name: string;
  readonly #queue: WriteQueue;
  readonly #table: Table;
  readonly #isKept: boolean;
  readonly #decode: (value: unknown) => T | undefined;
  readonly #onNote: (note: string) => void;
  readonly #objects = new Map<string, Readonly<T>>();
  /** Put, and not asked to be written yet. */
  readonly #later = new Set<string>();
  #laterTimer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /** @param isKept false: it is in memory only, and what an earlier run has stored is removed */
  constructor(
    name: string,
    queue: WriteQueue,
    isKept: boolean,
    { decode = asObject }: CollectionOptions<T>,
    onNote: (note: string) => void,
  ) {
    this.name = name;
    this.#queue = queue;
    this.#table = queue.table(`objects-${name}`);
    this.#isKept = isKept;
    this.#decode = decode;
    this.#onNote = onNote;
  }

  /** Reads all objects. @throws JetStreamError when the database cannot be read */
  async load(): Promise<void> {
    await (this.#isKept ? this.#queue.reading(() => this.#readAll()) : this.#removeAll());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(id: string): Readonly<T> | undefined {
    return this.#objects.get(id);
  }

  has(id: string): boolean {
    return this.#objects.has(id);
  }

  values(): IterableIterator<Readonly<T>> {
    return this.#objects.values();
  }

  entries(): IterableIterator<[string, Readonly<T>]> {
    return this.#objects.entries();
  }

  async put(id: string, value: T, also: readonly Change[] = []): Promise<void> {
    await this.#write([this.change(id, value), ...also]);
  }

  async delete(id: string, also: readonly Change[] = []): Promise<void> {
    await this.#write([this.change(id, undefined), ...also]);
  }

  change(id: string, value: T | undefined): Change {
    return { apply: () => this.#apply(id, value) };
  }

  putLater(id: string, value: T): void {
    if (!this.#objects.has(id)) return;
    this.#objects.set(id, Object.freeze(value));
    if (this.#isKept) this.#writeLater(id);
  }

  /** Writes what was put for later. */
  async flush(): Promise<void> {
    clearTimeout(this.#laterTimer);
    this.#laterTimer = undefined;
    const ids = [...this.#later];
    this.#later.clear();
    try {
      await this.#queue.commit(ids.flatMap((id) => this.#presentState(id) ?? []));
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#onNote(`progress of ${this.name} could not be written: ${describe(error)}`);
      this.#hasFailed = true;
      for (const id of ids) if (this.#objects.has(id)) this.#writeLater(id);
    }
  }

  /** Nothing is written later any more. */
  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#laterTimer);
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const { operations, undo } = applyChanges(changes);
    await this.#queue.commit(operations, undo);
  }

  #apply(id: string, value: T | undefined): AppliedChange {
    const before = this.#objects.get(id);
    const operation = this.#operation(id, value);
    if (before === undefined && value !== undefined && this.size >= MAX_OBJECTS) {
      throw new JetStreamError('limit-exceeded', `there are ${MAX_OBJECTS} ${this.name}: no more are taken`, {
        subject: this.name,
      });
    }
    const wasForLater = this.#later.delete(id);
    this.#set(id, value && Object.freeze(value));
    return {
      operation: this.#isKept ? operation : undefined,
      undo: () => {
        this.#set(id, before);
        if (wasForLater) this.#writeLater(id);
        return this.#isKept ? this.#operation(id, before) : undefined;
      },
    };
  }

  #set(id: string, value: Readonly<T> | undefined): void {
    if (value === undefined) this.#objects.delete(id);
    else this.#objects.set(id, value);
  }

  #presentState(id: string): Operation | undefined {
    const value = this.#objects.get(id);
    return value && this.#operation(id, value);
  }

  #operation(id: string, value: Readonly<T> | undefined): Operation {
    if (id === '' || Buffer.byteLength(id) > MAX_ID_BYTES) {
      throw new JetStreamError('invalid-argument', `an id in ${this.name} has 1 to ${MAX_ID_BYTES} bytes`);
    }
    if (value === undefined) return { type: 'del', sublevel: this.#table, key: id };
    const sealed = sealValue(VERSION, this.#sealedKey(id), value);
    if (sealed.byteLength > MAX_VALUE_BYTES) {
      throw new JetStreamError(
        'limit-exceeded',
        `${id} in ${this.name} takes ${sealed.byteLength} bytes: no more than ${MAX_VALUE_BYTES} are taken`,
        { subject: id },
      );
    }
    return { type: 'put', sublevel: this.#table, key: id, value: sealed };
  }

  #writeLater(id: string): void {
    this.#later.add(id);
    this.#laterTimer ??= setTimeout(() => void this.flush(), LATER_MS).unref();
  }

  async #readAll(): Promise<void> {
    const damaged: string[] = [];
    for await (const [id, sealed] of this.#table.iterator()) {
      const opened = openValue(VERSION, this.#sealedKey(id), sealed);
      if ('value' in opened) {
        const value = this.#decode(opened.value);
        if (value !== undefined) this.#objects.set(id, Object.freeze(value));
        else this.#onNote(`${id} in ${this.name} is not understood: it is not used`);
      } else if (opened.problem === 'newer') {
        this.#onNote(`${id} in ${this.name} is of a newer version: it is not used`);
      } else {
        this.#onNote(`${id} in ${this.name} is damaged and lost`);
        damaged.push(id);
      }
    }
    const removals = damaged.map((id) => this.#operation(id, undefined));
    this.#queue
      .commit(removals)
      .catch((error) => this.#onNote(`what is damaged could not be removed: ${describe(error)}`));
  }

  async #removeAll(): Promise<void> {
    const ids = await this.#queue.reading(() => this.#table.keys().all());
    if (ids.length === 0) return;
    await this.#queue.commit(ids.map((id) => ({ type: 'del', sublevel: this.#table, key: id })));
    this.#onNote(`${ids.length} ${this.name} of earlier runs are removed: they are not to be kept`);
  }

  #sealedKey(id: string): string {
    return `${this.name}/${id}`;
  }
}

function asObject<T extends object>(value: unknown): T | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
