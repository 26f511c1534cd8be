import type { Operation, Table, WriteQueue } from '../database/write-queue.ts';
import {
  decodeHeader,
  decodeSegment,
  encodeHeader,
  encodeSegment,
  identityOf,
  isHeader,
  isSegment,
  partialPath,
  type ResumeHeader,
  type ResumeRecord,
  type ResumeUpdate,
  segmentKey,
  segmentRange,
} from './resume-record.ts';

/** A half transfer that nobody went on with for so long is forgotten, and its partial file is then removed like any other dead one. */
const MAX_AGE_MS = 180 * 86_400_000;
/** 8 TiB in chunks of 1 MiB, 270 MB of digests. What lies beyond is sent again. */
const MAX_SEGMENTS_CLAIMED = 8_192;
/** A sandbox, a destination path and a target path. */
const MAX_KEY_BYTES = 16_384;

/** Records of half transfers: what is durable of which target. They save work and decide nothing: what they claim is checked on disk. */
export interface ResumeStore {
  /** Nothing is recorded. */
  readonly isEmpty: boolean;
  /**
   * Takes the record of a target for one holder, also when there is none yet, until `release`.
   * @returns undefined when there is none, or another holder has it; what is damaged or newer counts as not there
   */
  claim(key: string, holder: object): Promise<ResumeRecord | undefined>;
  /** Who has claimed it. */
  holderOf(key: string): object | undefined;
  /**
   * All of it or nothing, and durable when it resolves. What the updates claim has to be durable before. An update with another
   * header begins a new record.
   * @throws JetStreamError `disk-full`, `quota-exceeded`, `read-only`, `io-error` and the like
   */
  save(updates: readonly ResumeUpdate[]): Promise<void>;
  /** @throws JetStreamError as `save` */
  remove(keys: readonly string[]): Promise<void>;
  /** @param keys default: all that the holder has claimed */
  release(holder: object, keys?: readonly string[]): void;
  /** Records that nobody holds and that were last saved before that time, with the absolute path of the partial file of each. */
  savedBefore(timeMs: number): { key: string; partial: string }[];
  /** A record names this file, absolute path, as its partial file. */
  hasPartial(path: string): boolean;
}

interface Known {
  identity: string;
  partial: string;
  savedAtMs: number;
}

/** `ResumeStore` in a database of its own sublevels. What each record's header names is kept in memory. */
export class LevelResumeStore implements ResumeStore {
  readonly #queue: WriteQueue;
  readonly #headers: Table;
  readonly #segments: Table;
  readonly #onNote: (note: string) => void;
  readonly #known = new Map<string, Known>();
  /** Of how many records; two accounts may both have written to one target. */
  readonly #partials = new Map<string, number>();
  readonly #holders = new Map<string, object>();
  readonly #claims = new Map<object, Set<string>>();

  constructor(queue: WriteQueue, onNote: (note: string) => void) {
    this.#queue = queue;
    this.#headers = queue.table('resume-header');
    this.#segments = queue.table('resume-segment');
    this.#onNote = onNote;
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Reads all headers. @throws Error of the database when it cannot be read */
  async load(nowMs: number): Promise<void> {
    const useless: string[] = [];
    for await (const [key, sealed] of this.#headers.iterator()) {
      const stored = decodeHeader(key, sealed);
      if (stored === 'newer')
        this.#onNote('a record of a half transfer is of a newer version: it is not used');
      else if (stored === 'damaged') useless.push(key);
      else if (nowMs - stored.savedAtMs > MAX_AGE_MS) useless.push(key);
      else this.#know(key, stored.header, stored.savedAtMs);
    }
    if (useless.length === 0) return;
    this.#onNote(`${useless.length} records of half transfers are damaged or too old: they are removed`);
    await this.#delete(useless).catch((error) =>
      this.#onNote(`they could not be removed: ${describe(error)}`),
    );
  }

  async claim(key: string, holder: object): Promise<ResumeRecord | undefined> {
    const other = this.#holders.get(key);
    if (other !== undefined && other !== holder) return undefined;
    this.#holders.set(key, holder);
    const claims = this.#claims.get(holder) ?? new Set();
    this.#claims.set(holder, claims.add(key));
    if (!this.#known.has(key)) return undefined;
    try {
      return await this.#queue.reading(() => this.#read(key));
    } catch (error) {
      this.#onNote(`a record of a half transfer could not be read: ${describe(error)}`);
      return undefined;
    }
  }

  holderOf(key: string): object | undefined {
    return this.#holders.get(key);
  }

  async save(updates: readonly ResumeUpdate[]): Promise<void> {
    const savedAtMs = Date.now();
    const sound = updates.filter(
      ({ key, header, segments }) =>
        Buffer.byteLength(key) <= MAX_KEY_BYTES && isHeader(header) && segments.every(isSegment),
    );
    const replaced = sound.filter(({ key, header }) => {
      const known = this.#known.get(key);
      return known !== undefined && known.identity !== identityOf(header);
    });
    const puts: Operation[] = sound.flatMap(({ key, header, segments }) => [
      { type: 'put', sublevel: this.#headers, key, value: encodeHeader(key, { header, savedAtMs }) },
      ...segments.map((segment) => ({
        type: 'put' as const,
        sublevel: this.#segments,
        key: segmentKey(key, segment.number),
        value: encodeSegment(key, header, segment),
      })),
    ]);
    if (puts.length === 0) return;
    await this.#queue.exclusively(async () => {
      for (const { key } of replaced) await this.#segments.clear(segmentRange(key));
      await this.#queue.database.batch(puts, { sync: true });
    });
    for (const { key, header } of sound) this.#know(key, header, savedAtMs);
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.#delete(keys.filter((key) => this.#known.has(key)));
  }

  release(holder: object, keys?: readonly string[]): void {
    const claims = this.#claims.get(holder);
    for (const key of keys ?? claims ?? []) if (claims?.delete(key)) this.#holders.delete(key);
    if (claims?.size === 0) this.#claims.delete(holder);
  }

  savedBefore(timeMs: number): { key: string; partial: string }[] {
    const found = [];
    for (const [key, { partial, savedAtMs }] of this.#known) {
      if (savedAtMs < timeMs && !this.#holders.has(key)) found.push({ key, partial });
    }
    return found;
  }

  hasPartial(path: string): boolean {
    return this.#partials.has(path);
  }

  async #read(key: string): Promise<ResumeRecord | undefined> {
    const sealed = await this.#headers.get(key);
    const stored = sealed === undefined ? undefined : decodeHeader(key, sealed);
    if (stored === undefined || typeof stored === 'string') {
      this.#onNote(`a record of a half transfer is ${stored ?? 'gone'}: it is not used`);
      return undefined;
    }
    const { header } = stored;
    const segments = [];
    let bad = 0;
    const options = { ...segmentRange(key), limit: MAX_SEGMENTS_CLAIMED };
    for await (const [segmentAt, value] of this.#segments.iterator(options)) {
      const segment = decodeSegment(key, header, segmentAt, value);
      if (typeof segment === 'object') segments.push(segment);
      else if (segment !== 'stale') bad++;
    }
    if (bad > 0) this.#onNote(`${bad} parts of a record of a half transfer are damaged: they are not used`);
    return { key, ...header, segments };
  }

  /** The headers go first, durably: segments without one say nothing. */
  async #delete(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const dels: Operation[] = keys.map((key) => ({ type: 'del', sublevel: this.#headers, key }));
    await this.#queue.exclusively(async () => {
      await this.#queue.database.batch(dels, { sync: true });
      for (const key of keys) {
        this.#forget(key);
        await this.#queue.clear(this.#segments, segmentRange(key));
      }
    });
  }

  #know(key: string, header: ResumeHeader, savedAtMs: number): void {
    this.#forget(key);
    const partial = partialPath(key, header);
    this.#known.set(key, { identity: identityOf(header), partial, savedAtMs });
    this.#partials.set(partial, (this.#partials.get(partial) ?? 0) + 1);
  }

  #forget(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    const records = this.#partials.get(known.partial)! - 1;
    if (records === 0) this.#partials.delete(known.partial);
    else this.#partials.set(known.partial, records);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
