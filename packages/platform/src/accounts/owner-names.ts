import { readFileSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import { type Ffi, ffi } from '../ffi.ts';

/** Users, or groups: the names of their numbers, by which they are the same on another machine. */
export interface OwnerNames {
  /** undefined: there is none of that name. @throws JetStreamError `io-error` when the system could not say */
  idOf(name: string): number | undefined;
  /** undefined: it has no name. @throws JetStreamError `io-error` when the system could not say */
  nameOf(id: number): string | undefined;
}

/**
 * From all the sources that the system uses (nsswitch.conf: LDAP and so on), or from /etc/passwd and /etc/group alone where native
 * functions are missing. May wait for a directory server: keep what it says.
 */
export function ownerNames(of: 'users' | 'groups'): OwnerNames {
  const file = of === 'users' ? '/etc/passwd' : '/etc/group';
  const native = process.platform === 'linux' ? ffi() : undefined;
  return native === undefined ? ownerNamesInFile(file) : nativeOwnerNames(native, of);
}

/** Both `struct passwd` and `struct group` begin with two pointers, and the number in question follows. */
const ID_AT = 16;
/** More than either of them has, and enough that the memory is not moved. */
const RECORD_BYTES = 256;
const FIRST_BUFFER_BYTES = 4096;
/** A group may have very many members. */
const MAX_BUFFER_BYTES = 2 ** 22;
const ERANGE = 34;
/** ENOENT, EPERM, ESRCH, EBADF: what these may say instead of "not found". */
const NOT_FOUND = new Set([1, 2, 3, 9]);

function nativeOwnerNames({ koffi, process: libc }: Ffi, of: 'users' | 'groups'): OwnerNames {
  const [byName, byId] = of === 'users' ? ['getpwnam_r', 'getpwuid_r'] : ['getgrnam_r', 'getgrgid_r'];
  const rest = 'void *, void *, size_t, _Out_ void **';
  const searchByName = libc.func(`int ${byName}(const char *, ${rest})`);
  const searchById = libc.func(`int ${byId}(uint32_t, ${rest})`);

  function find<T>(search: typeof searchByName, key: string | number, take: (record: Buffer) => T) {
    const record = Buffer.alloc(RECORD_BYTES);
    for (let bytes = FIRST_BUFFER_BYTES; bytes <= MAX_BUFFER_BYTES; bytes *= 4) {
      // The name of the record stands in it.
      const strings = Buffer.alloc(bytes);
      const found: [unknown] = [null];
      const status = search(key, record, strings, bytes, found) as number;
      if (status === ERANGE) continue;
      if (status !== 0 && !NOT_FOUND.has(status)) throw unanswered(key, `errno ${status}`);
      return status !== 0 || found[0] === null ? undefined : take(record);
    }
    throw unanswered(key, 'its record is too large');
  }

  return {
    idOf: (name) =>
      isName(name) ? find(searchByName, name, (record) => record.readUInt32LE(ID_AT)) : undefined,
    nameOf: (id) => find(searchById, id, (record) => koffi.decode(record, 'const char *') as string),
  };
}

/** By the text of passwd(5) or group(5) alone: name first, number third. */
export function ownerNamesInFile(path: string): OwnerNames {
  const find = (wanted: (name: string, id: number) => boolean) => {
    for (const line of linesOf(path)) {
      const [name = '', , idText = ''] = line.split(':');
      // An empty or odd number is never 0.
      if (name !== '' && /^\d{1,10}$/.test(idText) && wanted(name, Number(idText))) {
        return { name, id: Number(idText) };
      }
    }
    return undefined;
  };
  return {
    idOf: (wanted) => find((name) => name === wanted)?.id,
    nameOf: (wanted) => find((_, id) => id === wanted)?.name,
  };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** What cannot be one is not even looked up. */
function isName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  return name.length > 0 && Buffer.byteLength(name) <= 256 && !/[\x00-\x1f\x7f:/]/.test(name);
}

function unanswered(key: string | number, why: string): JetStreamError {
  return new JetStreamError('io-error', `the system cannot look up ${JSON.stringify(key)}: ${why}`, {
    subject: String(key),
  });
}
