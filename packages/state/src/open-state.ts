import { renameSync, rmSync } from 'node:fs';
import { closeDatabase, type Database, openDatabase } from './database/open-database.ts';
import { openVolatileDatabase } from './database/volatile-database.ts';
import { WriteQueue } from './database/write-queue.ts';
import { applyChanges, type Change } from './objects/change.ts';
import { type Collection, type CollectionOptions, MirroredCollection } from './objects/collection.ts';
import { type EventLogStore, LevelEventLog } from './objects/event-log-store.ts';
import { type ManifestFileStore, PagedManifestFiles } from './objects/manifest-file-store.ts';
import { LevelResumeStore, type ResumeStore } from './resume/resume-store.ts';
import { prepareSchema, type StateIdentity } from './schema.ts';

export interface StateOptions {
  /** Told in words: what was damaged, and what was done about it. Default: nobody. */
  onNote?: (note: string) => void;
  /** Collections that are in memory only; what an earlier run has stored of them is removed. Default: none. */
  notKept?: readonly string[];
}

/** An open state directory, and what is in it. */
export interface State {
  /** 8 hex digits, the same for the life of the directory: names its one writer in partial files. */
  readonly ownerId: string;
  /** 32 hex digits, the same for the life of the directory: names the server whose it is to others. */
  readonly serverUid: string;
  /** false: all of it is gone when this process ends. */
  readonly isKept: boolean;
  readonly resume: ResumeStore;
  readonly manifestFiles: ManifestFileStore;
  readonly eventLog: EventLogStore;
  /**
   * The objects of one kind, read at the first call; later calls give the same.
   * @param name letters
   * @throws JetStreamError `io-error` and the like
   */
  collection<T extends object>(name: string, options?: CollectionOptions<T>): Promise<Collection<T>>;
  /**
   * Puts and deletes objects of several collections: all of it or nothing, seen at once, durable when it resolves.
   * @throws JetStreamError as `Collection.put`
   */
  write(changes: readonly Change[]): Promise<void>;
  /** Writes what was to be written later, and frees the directory. Whoever uses the state has ended before. */
  close(): Promise<void>;
  /** As `close`, and removes the directory when nothing is recorded in it. */
  closeOrRemove(): Promise<void>;
}

/**
 * Opens the state in a directory, for this process alone; makes it when there is none. A damaged one is repaired or begun anew,
 * with a copy kept in `DIRECTORY.damaged-N`.
 * @throws JetStreamError `state-locked` when it is open already, `state-newer`, `permission-denied`, `disk-full`, `read-only`,
 *   `quota-exceeded`, `too-many-open-files`, `io-error`
 */
export async function openState(
  directory: string,
  { onNote = () => undefined, notKept = [] }: StateOptions = {},
): Promise<State> {
  let state: OpenState | undefined;
  const load = async (database: Database) => {
    const identity = await prepareSchema(database, directory, onNote);
    state = new OpenState(database, identity, { onNote, notKept }, true);
    await state.load();
  };
  await openDatabase(directory, load, onNote);
  return state!;
}

/** A state in memory: for a server whose disk is broken, and for tests. */
export async function volatileState(): Promise<State> {
  const database = await openVolatileDatabase();
  const options = { onNote: () => undefined, notKept: [] };
  return new OpenState(database, await prepareSchema(database, 'memory', options.onNote), options, false);
}

class OpenState implements State {
  readonly ownerId: string;
  readonly serverUid: string;
  readonly isKept: boolean;
  readonly resume: LevelResumeStore;
  readonly manifestFiles: PagedManifestFiles;
  readonly eventLog: LevelEventLog;
  readonly #queue: WriteQueue;
  readonly #options: Required<StateOptions>;
  readonly #collections = new Map<string, Promise<MirroredCollection<object>>>();

  constructor(database: Database, identity: StateIdentity, options: Required<StateOptions>, isKept: boolean) {
    this.ownerId = identity.ownerId;
    this.serverUid = identity.serverUid;
    this.isKept = isKept;
    this.#options = options;
    this.#queue = new WriteQueue(database, options.onNote);
    this.resume = new LevelResumeStore(this.#queue, options.onNote);
    this.manifestFiles = new PagedManifestFiles(this.#queue);
    this.eventLog = new LevelEventLog(this.#queue, options.onNote);
  }

  /** @throws Error of the database when it cannot be read */
  async load(): Promise<void> {
    await this.resume.load(Date.now());
    await this.eventLog.load();
  }

  collection<T extends object>(name: string, options: CollectionOptions<T> = {}): Promise<Collection<T>> {
    let opening = this.#collections.get(name) as Promise<MirroredCollection<T>> | undefined;
    if (opening === undefined) {
      const { onNote, notKept } = this.#options;
      const collection = new MirroredCollection(name, this.#queue, !notKept.includes(name), options, onNote);
      opening = collection.load().then(() => collection);
      this.#collections.set(name, opening as Promise<MirroredCollection<object>>);
    }
    return opening;
  }

  async write(changes: readonly Change[]): Promise<void> {
    const { operations, undo } = applyChanges(changes);
    await this.#queue.commit(operations, undo);
  }

  async close(): Promise<void> {
    await this.#settle();
    await closeDatabase(this.#queue.database);
  }

  /** The directory changes its name while the lock is held: who comes meanwhile finds it taken, who comes after finds none. */
  async closeOrRemove(): Promise<void> {
    const { location } = this.#queue.database;
    const leaving = `${location}.leaving-${process.pid}`;
    const isEmpty = this.resume.isEmpty && this.#collections.size === 0;
    const removing = isEmpty && renamed(location, leaving);
    await this.close();
    if (removing) rmSync(leaving, { recursive: true, force: true });
  }

  async #settle(): Promise<void> {
    const opened = await Promise.allSettled(this.#collections.values());
    const collections = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all([...collections.map((collection) => collection.close()), this.eventLog.close()]);
    await this.#queue.close();
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}
