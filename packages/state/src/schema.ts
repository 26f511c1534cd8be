import { randomBytes } from 'node:crypto';
import { JetStreamError } from '@jetstream/protocol';
import type { Database } from './database/open-database.ts';
import { openValue, sealValue } from './sealed-value.ts';

const KEY = 'identity';
const VERSION = 1;

/**
 * Leads from the schema of its place in the table to the next one, and may give the identity what it lacked. A power cut may make it
 * run again.
 */
export type Migration = (database: Database, identity: StateIdentity) => Promise<void>;

/** The first one leads from schema 1 to 2. */
const MIGRATIONS: readonly Migration[] = [
  async (_, identity) => {
    identity.serverUid = newServerUid();
  },
];

export interface StateIdentity {
  /** Which layout of keys and values the database has. */
  schema: number;
  /** Names its one writer in partial files: 8 hex digits, kept for the life of the database. */
  ownerId: string;
  /** Names the server to others: 32 hex digits, kept for the life of the database. Since schema 2. */
  serverUid: string;
}

/**
 * Brings a database to the schema of this version; makes an identity for a new one.
 * @throws JetStreamError `state-newer`; Error of the database
 */
export async function prepareSchema(
  database: Database,
  directory: string,
  onNote: (note: string) => void,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<StateIdentity> {
  const newest = migrations.length + 1;
  const meta = database.sublevel<string, Uint8Array>('meta', { valueEncoding: 'view' });
  const sealed = await meta.get(KEY);
  const stored = sealed === undefined ? undefined : decode(sealed);
  if (stored === 'newer' || (typeof stored === 'object' && stored.schema > newest)) {
    throw new JetStreamError(
      'state-newer',
      `the state in ${directory} was written by a newer version of JetStream: run that one, or choose another state directory`,
      { subject: directory },
    );
  }
  if (stored === 'damaged')
    onNote(`the identity of the state in ${directory} was damaged: it gets a new one`);
  const identity =
    typeof stored === 'object'
      ? stored
      : { schema: newest, ownerId: randomBytes(4).toString('hex'), serverUid: newServerUid() };
  const before = stored === identity ? identity.schema : 0;
  for (; identity.schema < newest; identity.schema++)
    await migrations[identity.schema - 1]!(database, identity);
  if (identity.schema !== before) {
    const value = sealValue(VERSION, KEY, identity);
    await database.batch<string, Uint8Array>([{ type: 'put', sublevel: meta, key: KEY, value }], {
      sync: true,
    });
  }
  return identity;
}

function decode(sealed: Uint8Array): StateIdentity | 'damaged' | 'newer' {
  const opened = openValue(VERSION, KEY, sealed);
  if ('problem' in opened) return opened.problem;
  const { schema, ownerId, serverUid = '' } = (opened.value ?? {}) as StateIdentity;
  if (!Number.isSafeInteger(schema) || schema < 1 || !/^[0-9a-f]{8}$/.test(String(ownerId))) return 'damaged';
  if (schema > 1 && !/^[0-9a-f]{32}$/.test(String(serverUid))) return 'damaged';
  return { schema, ownerId, serverUid };
}

function newServerUid(): string {
  return randomBytes(16).toString('hex');
}
