import type { Operation, Table, WriteQueue } from '../database/write-queue.ts';
import { openValue, sealValue } from '../sealed-value.ts';
import { EventShares } from './event-shares.ts';

const VERSION = 1;
const MAX_EVENTS = 100_000;
/** Above the bound, before some go: so that not each write removes some. */
const TRIM_SLACK = 0.01;
const MAX_EVENT_BYTES = 64 * 1024;
/** Waiting for the disk; above that the oldest of them are lost. */
const MAX_UNWRITTEN = 2_000;
const WRITE_AFTER_MS = 1_000;
const WRITE_ABOVE = 256;
const READ_AT_ONCE = 1_000;

/** An event as the interface has it: its name, the time in µs since the epoch, and the fields of what it is about. */
export interface LoggedEvent {
  _event: string;
  _timestamp: number;
  [field: string]: unknown;
}

export interface EventQuery {
  /** µs since the epoch, inclusive. */
  since?: number;
  /** µs since the epoch, exclusive. */
  until?: number;
  limit: number;
  /** When more match than that, which are given. Default 'last'. */
  which?: 'first' | 'last';
  matches?: (event: LoggedEvent) => boolean;
}

/**
 * What happened: the latest 100,000. When there are more the oldest of whoever has most go, by their field `owner`; those without one
 * share as one owner.
 */
export interface EventLogStore {
  /** Is on disk within about a second, when the disk takes it; larger ones than 64 KiB are not logged. */
  append(event: LoggedEvent): void;
  /** In the order in which they were appended. @throws JetStreamError `io-error` */
  read(query: EventQuery): Promise<LoggedEvent[]>;
  /** Removes what is older. @returns how many */
  removeBefore(timeUs: number): Promise<number>;
}

interface StoredEvent {
  event: LoggedEvent;
  /** Its time, or that of the one before it where the clock was set back: never falls. */
  stampUs: number;
}

/** `EventLogStore` in a table of the database, under numbers that rise. */
export class LevelEventLog implements EventLogStore {
  readonly #queue: WriteQueue;
  readonly #table: Table;
  readonly #onNote: (note: string) => void;
  readonly #maxEvents: number;
  /** Not on disk yet, the first of them has the number `#nextNumber - #unwritten.length`. */
  #unwritten: StoredEvent[] = [];
  #firstNumber = 0;
  #nextNumber = 0;
  #lastStampUs = 0;
  /** Of what is stored; undefined while that cannot be too much. */
  #shares: EventShares | undefined;
  #trimming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;

  constructor(queue: WriteQueue, onNote: (note: string) => void, maxEvents = MAX_EVENTS) {
    this.#queue = queue;
    this.#table = queue.table('events');
    this.#onNote = onNote;
    this.#maxEvents = maxEvents;
  }

  /** Finds its ends. @throws Error of the database */
  async load(): Promise<void> {
    const [first] = await this.#table.keys({ limit: 1 }).all();
    const [last] = await this.#table.iterator({ reverse: true, limit: 1 }).all();
    if (first === undefined || last === undefined) return;
    this.#firstNumber = numberOf(first);
    this.#nextNumber = numberOf(last[0]) + 1;
    this.#lastStampUs = decode(last[0], last[1])?.stampUs ?? 0;
  }

  append(event: LoggedEvent): void {
    this.#lastStampUs = Math.max(this.#lastStampUs, event._timestamp);
    this.#unwritten.push({ event, stampUs: this.#lastStampUs });
    this.#nextNumber++;
    if (this.#unwritten.length > MAX_UNWRITTEN) this.#unwritten.shift();
    if (this.#unwritten.length >= WRITE_ABOVE) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS).unref();
  }

  async read(query: EventQuery): Promise<LoggedEvent[]> {
    const { since = -Infinity, until = Infinity, limit, which = 'last', matches } = query;
    /** The latest first. */
    const found: LoggedEvent[] = [];
    /** @returns whether those before it are of interest */
    const take = (stored: StoredEvent | undefined): boolean => {
      if (stored === undefined) return true;
      const { event, stampUs } = stored;
      if (stampUs < since) return false;
      if (event._timestamp < since || event._timestamp >= until || matches?.(event) === false) return true;
      found.push(event);
      if (found.length > limit && which === 'first') found.shift();
      return found.length < limit || which === 'first';
    };
    const unwritten = this.#unwritten.toReversed();
    const firstUnwritten = this.#nextNumber - unwritten.length;
    if (limit > 0 && unwritten.every(take)) await this.#readStored(firstUnwritten, take);
    return found.reverse();
  }

  async removeBefore(timeUs: number): Promise<number> {
    await this.flush();
    let removed = 0;
    while (this.#firstNumber < this.#nextNumber - this.#unwritten.length) {
      const options = { gte: keyOf(this.#firstNumber), limit: READ_AT_ONCE };
      const entries = await this.#queue.reading(() => this.#table.iterator(options).all());
      if (entries.length === 0) break;
      const kept = entries.findIndex(([key, sealed]) => (decode(key, sealed)?.stampUs ?? 0) >= timeUs);
      removed += kept < 0 ? entries.length : kept;
      await this.#removeUpTo(kept < 0 ? numberOf(entries.at(-1)![0]) + 1 : numberOf(entries[kept]![0]));
      if (kept >= 0) break;
    }
    return removed;
  }

  /** All that was appended is on disk, or the disk does not take it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#unwritten.length === 0) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Nothing is written later any more. */
  async close(): Promise<void> {
    await this.flush();
    while (this.#trimming !== undefined) await this.#trimming;
    clearTimeout(this.#timer);
  }

  async #write(): Promise<void> {
    const events = [...this.#unwritten];
    const first = this.#nextNumber - events.length;
    const operations: Operation[] = [];
    const written = new EventShares();
    for (const [place, stored] of events.entries()) {
      const key = keyOf(first + place);
      const value = sealValue(VERSION, key, stored);
      if (value.byteLength <= MAX_EVENT_BYTES) {
        operations.push({ type: 'put', sublevel: this.#table, key, value });
        written.add(ownerOf(stored.event), first + place);
      }
    }
    try {
      await this.#queue.commit(operations);
      this.#hasFailed = false;
      // More may have come meanwhile, and of these the oldest may have gone.
      this.#unwritten.splice(0, this.#unwritten.indexOf(events.at(-1)!) + 1);
      this.#shares?.append(written);
      this.#trim();
    } catch (error) {
      if (!this.#hasFailed) this.#onNote(`the event log could not be written: ${describe(error)}`);
      this.#hasFailed = true;
      this.#timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS).unref();
    }
  }

  #trim(): void {
    const count = this.#shares?.count ?? this.#nextNumber - this.#firstNumber;
    if (count <= this.#maxEvents * (1 + TRIM_SLACK) || this.#trimming !== undefined) return;
    this.#trimming = this.#removeAbove(this.#maxEvents).then(
      () => {
        this.#trimming = undefined;
        // More may have come meanwhile.
        this.#trim();
      },
      (error) => {
        this.#trimming = undefined;
        // What stands there is not known any more.
        this.#shares = undefined;
        this.#onNote(`the event log could not be trimmed: ${describe(error)}`);
      },
    );
  }

  async #removeAbove(maxEvents: number): Promise<void> {
    if (this.#shares === undefined) this.#shares = await this.#readShares();
    const keys = this.#shares.takeAbove(maxEvents).map(keyOf);
    await this.#queue.commit(keys.map((key) => ({ type: 'del', sublevel: this.#table, key })));
  }

  async #readShares(): Promise<EventShares> {
    const shares = new EventShares();
    const end = this.#nextNumber - this.#unwritten.length;
    // What is written meanwhile.
    const later = new EventShares();
    this.#shares = later;
    for (let from = this.#firstNumber; ; ) {
      const range = { gte: keyOf(from), lt: keyOf(end), limit: READ_AT_ONCE };
      const entries = await this.#queue.reading(() => this.#table.iterator(range).all());
      for (const [key, sealed] of entries) shares.add(ownerOf(decode(key, sealed)?.event), numberOf(key));
      if (entries.length === 0) break;
      from = numberOf(entries.at(-1)![0]) + 1;
    }
    shares.append(later);
    return shares;
  }

  async #removeUpTo(number: number): Promise<void> {
    const range = { gte: keyOf(0), lt: keyOf(number) };
    await this.#queue.exclusively(() => this.#queue.clear(this.#table, range));
    this.#firstNumber = number;
    this.#shares?.forgetBefore(number);
  }

  async #readStored(end: number, take: (stored: StoredEvent | undefined) => boolean): Promise<void> {
    for (let before = keyOf(end); ; ) {
      const options = { lt: before, reverse: true, limit: READ_AT_ONCE };
      const entries = await this.#queue.reading(() => this.#table.iterator(options).all());
      for (const [key, sealed] of entries) if (!take(decode(key, sealed))) return;
      if (entries.length === 0) return;
      before = entries.at(-1)![0];
    }
  }
}

/** @returns undefined for what is damaged, which costs this event only */
function decode(key: string, sealed: Uint8Array): StoredEvent | undefined {
  const opened = openValue(VERSION, key, sealed);
  return 'value' in opened ? (opened.value as StoredEvent) : undefined;
}

function ownerOf(event: LoggedEvent | undefined): string {
  return typeof event?.owner === 'string' ? event.owner : '';
}

function numberOf(key: string): number {
  return Number.parseInt(key, 16);
}

function keyOf(number: number): string {
  return number.toString(16).padStart(14, '0');
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
