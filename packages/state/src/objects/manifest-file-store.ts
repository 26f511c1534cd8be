import { JetStreamError } from '@jetstream/protocol';
import type { Operation, Table, WriteQueue } from '../database/write-queue.ts';
import { openValue, sealValue } from '../sealed-value.ts';

const VERSION = 1;
const PAGE_FILES = 1_000;
export const MAX_MANIFEST_FILES = 10_000_000;
/** Manifests whose last page is held for the next append. */
const MAX_TAILS = 64;

/** Fields and units of the interface's file mapping. */
export interface ManifestFile {
  srcPath: string;
  destPath: string;
  /** Bytes; 0 for an empty directory. */
  fileSize: number;
  isEmptyDir: boolean;
  executable: boolean;
  /** µs since the epoch. */
  modificationTime: number;
  /** The source is a symlink, and was followed. Default false; not of the interface. */
  followed?: boolean;
}

/** The files of manifests, on disk in pages of 1,000. */
export interface ManifestFileStore {
  /**
   * Adds to the end, durably. One append to a manifest at a time.
   * @throws JetStreamError `limit-exceeded` above 10,000,000 files; `disk-full`, `quota-exceeded`, `read-only`, `io-error`
   */
  append(manifestId: string, files: readonly ManifestFile[]): Promise<void>;
  /**
   * @param from 0 is the first
   * @param count at most 10,000
   * @returns fewer, or none, at the end
   * @throws JetStreamError `io-error` when files that were stored are damaged or gone
   */
  read(manifestId: string, from: number, count: number): Promise<ManifestFile[]>;
  /** How many are stored. */
  count(manifestId: string): Promise<number>;
  /** @throws JetStreamError as `append` */
  remove(manifestId: string): Promise<void>;
  /** Manifests of which there are files. */
  manifestIds(): Promise<string[]>;
}

const MAX_READ = 10_000;

interface Tail {
  page: number;
  files: readonly ManifestFile[];
}

/** `ManifestFileStore` in a table of the database. */
export class PagedManifestFiles implements ManifestFileStore {
  readonly #queue: WriteQueue;
  readonly #table: Table;
  readonly #tails = new Map<string, Tail>();

  constructor(queue: WriteQueue) {
    this.#queue = queue;
    this.#table = queue.table('manifest-files');
  }

  async append(manifestId: string, files: readonly ManifestFile[]): Promise<void> {
    let { page, files: tail } = await this.#tail(manifestId);
    if (page * PAGE_FILES + tail.length + files.length > MAX_MANIFEST_FILES) {
      throw new JetStreamError('limit-exceeded', `a manifest has ${MAX_MANIFEST_FILES} files at most`, {
        subject: manifestId,
      });
    }
    const undone = this.#pageOperation(manifestId, page, tail);
    const operations: Operation[] = [];
    for (let taken = 0; taken < files.length; ) {
      if (tail.length === PAGE_FILES) [page, tail] = [page + 1, []];
      const added = files.slice(taken, taken + PAGE_FILES - tail.length);
      taken += added.length;
      tail = [...tail, ...added];
      operations.push(this.#pageOperation(manifestId, page, tail));
    }
    this.#tails.delete(manifestId);
    await this.#queue.commit(operations, () => [
      ...operations.map(({ key }) => ({ type: 'del' as const, sublevel: this.#table, key })),
      undone,
    ]);
    this.#tails.set(manifestId, { page, files: tail });
    if (this.#tails.size > MAX_TAILS) this.#tails.delete(this.#tails.keys().next().value!);
  }

  async read(manifestId: string, from: number, count: number): Promise<ManifestFile[]> {
    const end = from + Math.min(count, MAX_READ);
    const files: ManifestFile[] = [];
    for (let at = from; at < end; ) {
      const page = await this.#page(manifestId, Math.floor(at / PAGE_FILES));
      const start = at % PAGE_FILES;
      const part = page?.slice(start, start + end - at) ?? [];
      if (part.length === 0) break;
      files.push(...part);
      at += part.length;
    }
    return files;
  }

  async count(manifestId: string): Promise<number> {
    const { page, files } = await this.#tail(manifestId);
    return page * PAGE_FILES + files.length;
  }

  async remove(manifestId: string): Promise<void> {
    this.#tails.delete(manifestId);
    await this.#queue.exclusively(() => this.#queue.clear(this.#table, pageRange(manifestId)));
  }

  async manifestIds(): Promise<string[]> {
    const ids: string[] = [];
    for (let after = ''; ; ) {
      const [key] = await this.#queue.reading(() => this.#table.keys({ gte: after, limit: 1 }).all());
      if (key === undefined) return ids;
      const id = key.slice(0, key.lastIndexOf('/'));
      ids.push(id);
      after = pageRange(id).lt;
    }
  }

  async #tail(manifestId: string): Promise<Tail> {
    const known = this.#tails.get(manifestId);
    if (known !== undefined) return known;
    const options = { ...pageRange(manifestId), reverse: true, limit: 1 };
    const [key] = await this.#queue.reading(() => this.#table.keys(options).all());
    if (key === undefined) return { page: 0, files: [] };
    const page = Number.parseInt(key.slice(key.lastIndexOf('/') + 1), 16);
    return { page, files: (await this.#page(manifestId, page)) ?? [] };
  }

  #pageOperation(manifestId: string, page: number, files: readonly ManifestFile[]): Operation {
    const key = pageKey(manifestId, page);
    if (files.length === 0) return { type: 'del', sublevel: this.#table, key };
    return { type: 'put', sublevel: this.#table, key, value: sealValue(VERSION, key, files) };
  }

  /** @returns undefined behind the last page */
  async #page(manifestId: string, page: number): Promise<readonly ManifestFile[] | undefined> {
    const tail = this.#tails.get(manifestId);
    if (tail !== undefined && page >= tail.page) return page === tail.page ? tail.files : undefined;
    const key = pageKey(manifestId, page);
    const sealed = await this.#queue.reading(() => this.#table.get(key));
    if (sealed === undefined) {
      if (await this.#hasPagesFrom(manifestId, page)) throw damaged(manifestId);
      return undefined;
    }
    const opened = openValue(VERSION, key, sealed);
    if (!('value' in opened) || !Array.isArray(opened.value)) throw damaged(manifestId);
    return opened.value;
  }

  async #hasPagesFrom(manifestId: string, page: number): Promise<boolean> {
    const options = { gte: pageKey(manifestId, page), lt: pageRange(manifestId).lt, limit: 1 };
    return (await this.#queue.reading(() => this.#table.keys(options).all())).length > 0;
  }
}

function pageKey(manifestId: string, page: number): string {
  return `${manifestId}/${page.toString(16).padStart(8, '0')}`;
}

/** All pages of one manifest, and nothing else: its id has no slash. */
function pageRange(manifestId: string): { gte: string; lt: string } {
  return { gte: `${manifestId}/`, lt: `${manifestId}0` };
}

function damaged(manifestId: string): JetStreamError {
  return new JetStreamError(
    'io-error',
    `the stored list of files of manifest ${manifestId} is damaged: make the manifest again`,
    { subject: manifestId },
  );
}
