import { readFileSync, statSync } from 'node:fs';
import { fileError } from '../file-error.ts';

const DAY_MS = 86_400_000;
/** In place of a date that makes no sense: the account is closed. */
const ALWAYS = Number.NEGATIVE_INFINITY;

/** What shadow(5) says about the use of an account. */
export interface ShadowEntry {
  /** There is a password, and somebody locked it: `usermod -L`, `passwd -l`. */
  isLocked: boolean;
  /** From this day on, counted from 1970-01-01 in UTC, the account may not be used. Infinity: for ever. */
  expiryDay: number;
}

/**
 * Reads the text of a shadow(5) file. Where an account stands in several lines, what any of them forbids is forbidden; an expiry that
 * makes no sense has passed.
 */
export function parseShadow(text: string): ReadonlyMap<string, ShadowEntry> {
  const entries = new Map<string, ShadowEntry>();
  for (const line of text.split('\n')) {
    const [name = '', password = '', , , , , , expiry = ''] = line.split(':');
    if (name === '') continue;
    const before = entries.get(name);
    entries.set(name, {
      isLocked: isLockedPassword(password) || before?.isLocked === true,
      expiryDay: Math.min(expiryDayOf(expiry), before?.expiryDay ?? Number.POSITIVE_INFINITY),
    });
  }
  return entries;
}

/** Why an account with that entry may not be used, for a log; undefined when it may. */
export function shadowRefusal({ isLocked, expiryDay }: ShadowEntry, wallClockMs: number): string | undefined {
  if (Math.floor(wallClockMs / DAY_MS) >= expiryDay) return 'the account has expired (chage -E)';
  return isLocked ? "the account's password was locked (usermod -L)" : undefined;
}

/** shadow(5) as it is now: read again when the file is another one than before. */
export class ShadowFile {
  readonly #path: string;
  #entries: ReadonlyMap<string, ShadowEntry> = new Map();
  /** Of the file that they were read from. */
  #version = '';

  constructor(path = '/etc/shadow') {
    this.#path = path;
  }

  /**
   * Why the account may not be used, for a log. undefined: nothing is said against it, as of one that is not there, or on a system
   * without such a file.
   * @throws JetStreamError `permission-denied`, `io-error` … when the file cannot be read
   */
  refusalOf(account: string, wallClockMs: number): string | undefined {
    try {
      this.#refresh();
    } catch (error) {
      throw fileError(error, this.#path);
    }
    const entry = this.#entries.get(account);
    return entry && shadowRefusal(entry, wallClockMs);
  }

  #refresh(): void {
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const version = stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : '';
    if (version === this.#version) return;
    this.#entries = stats ? parseShadow(readFileSync(this.#path, 'utf8')) : new Map();
    // After the reading: what could not be read is not known.
    this.#version = version;
  }
}

/** `!`, `*`, `!*`, `!!` and words by themselves mean that no password was ever set, and forbid only to log in by one. */
function isLockedPassword(field: string): boolean {
  const [, locked] = /^[!*]+(.+)$/.exec(field) ?? [];
  return locked !== undefined && isHash(locked);
}

/** crypt(5): `$id$…`, `_…` of BSDi, and the 13 characters of DES, as which one word of systemd's could pass. */
function isHash(text: string): boolean {
  return /^\$.|^_.{19}$|^[./0-9A-Za-z]{13}$/.test(text) && text !== 'unprovisioned';
}

/** Empty and -1: none. */
function expiryDayOf(field: string): number {
  if (field === '' || field === '-1') return Number.POSITIVE_INFINITY;
  return /^-?\d{1,10}$/.test(field) ? Number(field) : ALWAYS;
}
