import { renameSync, rmSync } from 'node:fs';
import { closeDatabase, type Database, openDatabase } from './database/open-database.ts';
import { LevelResumeStore, type ResumeStore } from './resume/resume-store.ts';
import { prepareSchema, type StateIdentity } from './schema.ts';

export interface StateOptions {
  /** Told in words: what was damaged, and what was done about it. Default: nobody. */
  onNote?: (note: string) => void;
}

/** An open state directory, and what is in it. */
export interface State {
  /** 8 hex digits, the same for the life of the directory: names its one writer in partial files. */
  readonly ownerId: string;
  readonly resume: ResumeStore;
  /** Frees the directory. Whoever uses the state has ended before. */
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
  { onNote = () => undefined }: StateOptions = {},
): Promise<State> {
  let identity: StateIdentity | undefined;
  let resume: LevelResumeStore | undefined;
  const load = async (database: Database) => {
    identity = await prepareSchema(database, directory, onNote);
    resume = new LevelResumeStore(database, onNote);
    await resume.load(Date.now());
  };
  const database = await openDatabase(directory, load, onNote);
  return new OpenState(database, identity!.ownerId, resume!);
}

class OpenState implements State {
  readonly ownerId: string;
  readonly resume: LevelResumeStore;
  readonly #database: Database;

  constructor(database: Database, ownerId: string, resume: LevelResumeStore) {
    this.#database = database;
    this.ownerId = ownerId;
    this.resume = resume;
  }

  async close(): Promise<void> {
    await this.resume.settled();
    await closeDatabase(this.#database);
  }

  /** The directory changes its name while the lock is held: who comes meanwhile finds it taken, who comes after finds none. */
  async closeOrRemove(): Promise<void> {
    const { location } = this.#database;
    const leaving = `${location}.leaving-${process.pid}`;
    const removing = this.resume.isEmpty && renamed(location, leaving);
    await this.close();
    if (removing) rmSync(leaving, { recursive: true, force: true });
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
