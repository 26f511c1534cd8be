import { JetStreamError } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';
import type { Account, AccountDatabase } from './account.ts';

const ERANGE = 34;
/** ENOENT, EPERM, ESRCH, EBADF: what getpwnam_r(3) and its kin may say instead of "not found". */
const NOT_FOUND = new Set([0, 1, 2, 3, 9]);
const FIRST_BUFFER_BYTES = 4096;
/** A group's record has the names of all its members. */
const MAX_BUFFER_BYTES = 2 ** 22;
/** More than `sizeof(struct passwd)` or `struct group`, and enough that the memory is not moved. */
const RECORD_BYTES = 256;
const MAX_GROUPS = 65_536;

/** Accounts and groups by getpwnam_r(3), getgrouplist(3) and their kin. undefined where these cannot be called. */
export function nameServiceAccounts(): AccountDatabase | undefined {
  const native = ffi();
  if (!native || process.platform !== 'linux') return undefined;
  const { koffi, process: libc } = native;
  const lookUpBy = (name: string, key: 'const char *' | 'uint32_t') =>
    libc.func(`int ${name}(${key}, void *, void *, size_t, _Out_ void **)`) as LookUp;
  const getpwnam = lookUpBy('getpwnam_r', 'const char *');
  const getpwuid = lookUpBy('getpwuid_r', 'uint32_t');
  const getgrnam = lookUpBy('getgrnam_r', 'const char *');
  const getgrgid = lookUpBy('getgrgid_r', 'uint32_t');
  const getgrouplist = libc.func('int getgrouplist(const char *, uint32_t, void *, void *)');
  const Passwd = koffi.struct({
    name: 'const char *',
    password: 'const char *',
    uid: 'uint32_t',
    gid: 'uint32_t',
    gecos: 'const char *',
    directory: 'const char *',
    shell: 'const char *',
  });
  const Group = koffi.struct({ name: 'const char *', password: 'const char *', gid: 'uint32_t' });

  function find<T>(lookUp: LookUp, key: string | number, type: typeof Passwd): T | undefined {
    const record = Buffer.alloc(RECORD_BYTES);
    for (let bytes = FIRST_BUFFER_BYTES; bytes <= MAX_BUFFER_BYTES; bytes *= 4) {
      const strings = Buffer.alloc(bytes);
      const found: [unknown] = [null];
      const status = lookUp(key, record, strings, bytes, found);
      if (status === ERANGE) continue;
      if (status !== 0 && !NOT_FOUND.has(status)) throw unanswered(key, `errno ${status}`);
      if (status !== 0 || found[0] === null) return undefined;
      return koffi.decode(record, type) as T;
    }
    throw unanswered(key, 'its record is too large');
  }

  function accountOf(record: PasswdRecord): Account {
    return {
      name: record.name,
      uid: record.uid,
      gid: record.gid,
      groups: groupsOf(record.name, record.gid),
      homeDirectory: record.directory ?? '',
      shell: record.shell ?? '',
      fullName: (record.gecos ?? '').split(',')[0]!,
    };
  }

  function groupsOf(name: string, gid: number): number[] {
    for (let room = 64; room <= MAX_GROUPS; room *= 4) {
      const groups = new Uint32Array(room);
      const count = Int32Array.of(room);
      if ((getgrouplist(name, gid, groups, count) as number) >= 0) return [...groups.subarray(0, count[0])];
    }
    throw unanswered(name, 'it is in too many groups');
  }

  return {
    lookUp(name) {
      const record = find<PasswdRecord>(getpwnam, name, Passwd);
      return record && accountOf(record);
    },
    userName: (uid) => find<PasswdRecord>(getpwuid, uid, Passwd)?.name,
    groupName: (gid) => find<GroupRecord>(getgrgid, gid, Group)?.name,
    groupId: (name) => find<GroupRecord>(getgrnam, name, Group)?.gid,
  };
}

type LookUp = (
  key: string | number,
  record: Buffer,
  strings: Buffer,
  bytes: number,
  found: [unknown],
) => number;

interface PasswdRecord {
  name: string;
  uid: number;
  gid: number;
  gecos: string | null;
  directory: string | null;
  shell: string | null;
}

interface GroupRecord {
  name: string;
  gid: number;
}

function unanswered(key: string | number, why: string): JetStreamError {
  const shown = JSON.stringify(key);
  return new JetStreamError('io-error', `the system cannot look up ${shown}: ${why}`, {
    subject: String(key),
  });
}
