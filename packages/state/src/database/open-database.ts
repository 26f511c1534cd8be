import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { JetStreamError } from '@jetstream/protocol';
import { ClassicLevel } from 'classic-level';
import { databaseError, isDamage, isLocked } from './database-error.ts';
import { withRepairLock } from './repair-lock.ts';
import { checkFiles, mendTables } from './tables.ts';

/** Copies of damaged databases that are kept; the first ones, as the most that can be saved is in them. */
const MAX_DAMAGED_KEPT = 5;

export type Database = ClassicLevel<string, Uint8Array>;

/** LevelDB's lock holds between processes only, and an attempt to take it twice in one loses it. */
const openHere = new Set<string>();

/**
 * Opens a database for this process alone. One that is damaged is copied to `DIRECTORY.damaged-N`, then repaired; where that does
 * not help, begun anew. Either is told.
 * @param load reads what has to be readable for the database to be of use
 * @throws JetStreamError `state-locked`, or why its directory cannot be used
 */
export async function openDatabase(
  directory: string,
  load: (database: Database) => Promise<void>,
  onNote: (note: string) => void,
): Promise<Database> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const location = realpathSync(directory);
    try {
      return await openSound(location, load);
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return await withRepairLock(location, () => openDamaged(location, load, onNote));
  } catch (error) {
    throw isLocked(error) ? locked(directory) : databaseError(error, directory);
  }
}

/** Frees the directory, too, for this process. */
export async function closeDatabase(database: Database): Promise<void> {
  await database.close();
  openHere.delete(database.location);
}

function locked(directory: string): JetStreamError {
  return new JetStreamError(
    'state-locked',
    `another process has the state directory ${directory} open: stop that one, or give this one a state directory of its own`,
    { subject: directory },
  );
}

async function openDamaged(
  directory: string,
  load: (database: Database) => Promise<void>,
  onNote: (note: string) => void,
): Promise<Database> {
  try {
    // Another process may have mended it while this one waited for its turn.
    return await openSound(directory, load);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const kept = await keepCopy(directory);
    const where = kept === undefined ? '' : `; what was there before is kept in ${kept}`;
    try {
      await mendTables(directory);
      await ClassicLevel.repair(directory);
      const database = await openSound(directory, load);
      // A repaired one has old and new values side by side, and may find an old one first until they are merged; and compressed tables.
      await database.compactRange('', '\u{10ffff}');
      onNote(`the state in ${directory} was damaged and has been repaired${where}`);
      return database;
    } catch (unrepaired) {
      if (!isDamage(unrepaired)) throw unrepaired;
      rmSync(directory, { recursive: true });
      mkdirSync(directory, { mode: 0o700 });
      onNote(`the state in ${directory} was damaged beyond repair and begins anew${where}`);
      return await openSound(directory, load);
    }
  }
}

async function openSound(directory: string, load: (database: Database) => Promise<void>): Promise<Database> {
  if (openHere.has(directory)) throw locked(directory);
  openHere.add(directory);
  let database: Database | undefined;
  try {
    await checkFiles(directory);
    // Begins to open. Uncompressed, so that damage can be found; most of it are digests.
    database = new ClassicLevel(directory, { valueEncoding: 'view', compression: false });
    await database.open();
    await load(database);
    return database;
  } catch (error) {
    await database?.close();
    openHere.delete(directory);
    throw error;
  }
}

async function keepCopy(directory: string): Promise<string | undefined> {
  for (let number = 1; number <= MAX_DAMAGED_KEPT; number++) {
    const copy = `${directory}.damaged-${number}`;
    if (existsSync(copy)) continue;
    await cp(directory, copy, { recursive: true });
    return copy;
  }
  return undefined;
}
