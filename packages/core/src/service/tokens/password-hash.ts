import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { JetStreamError } from '@jetstream/protocol';

/** scrypt (RFC 7914) of a password; salt and hash in base64. */
export interface PasswordHash {
  salt: string;
  hash: string;
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);
/** 32 MiB and some 80 ms for each. */
const COST: ScryptOptions = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Each takes a thread and memory that others need as well. */
const MAX_RUNNING = 2;
const MAX_WAITING = 64;

let running = 0;
const waiting: (() => void)[] = [];

/** @throws JetStreamError `limit-exceeded` when too many wait for theirs */
export async function hashPassword(password: string, salt = randomBytes(SALT_BYTES)): Promise<PasswordHash> {
  if (running >= MAX_RUNNING) {
    if (waiting.length >= MAX_WAITING) {
      throw new JetStreamError('limit-exceeded', 'too many passwords are being checked: try again later');
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    const hash = await derive(password.normalize('NFC'), salt, HASH_BYTES, COST);
    return { salt: salt.toString('base64'), hash: hash.toString('base64') };
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/** Takes as long for no hash at all. @throws JetStreamError as `hashPassword` */
export async function isPassword(password: string, expected: PasswordHash | null): Promise<boolean> {
  const { salt, hash } = expected ?? NOBODYS;
  const given = await hashPassword(password, Buffer.from(salt, 'base64'));
  return timingSafeEqual(Buffer.from(given.hash, 'base64'), Buffer.from(hash, 'base64')) && expected !== null;
}

const NOBODYS: PasswordHash = {
  salt: Buffer.alloc(SALT_BYTES).toString('base64'),
  hash: Buffer.alloc(HASH_BYTES).toString('base64'),
};
