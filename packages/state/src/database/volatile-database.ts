import { MemoryLevel } from 'memory-level';
import type { Database } from './open-database.ts';

/** A database in memory, with what the stores use of one on disk. */
class VolatileDatabase extends MemoryLevel<string, Uint8Array> {
  readonly location = 'memory';

  async approximateSize(): Promise<number> {
    return 0;
  }

  async compactRange(): Promise<void> {}
}

export async function openVolatileDatabase(): Promise<Database> {
  const database = new VolatileDatabase({ valueEncoding: 'view', storeEncoding: 'view' });
  await database.open();
  return database as unknown as Database;
}
