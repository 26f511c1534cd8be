import { JetStreamError } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';
import type { Account, AccountDatabase } from './account.ts';

const ERANGE = 34;
/** ENOENT, EPERM, ESRCH, EBADF: what getpwnam_r(3) may say instead of "not found". */
const NOT_FOUND = new Set([0, 1, 2, 3, 9]);
const FIRST_BUFFER_BYTES = 4096;
const MAX_BUFFER_BYTES = 2 ** 20;
/** More than `sizeof(struct passwd)`, and enough that the memory is not moved. */
const PASSWD_BYTES = 256;
const MAX_GROUPS = 65_536;

/** Accounts by getpwnam_r(3) and getgrouplist(3). undefined where these cannot be called. */
export function nameServiceAccounts(): AccountDatabase | undefined {
  const native = ffi();
  if (!native || process.platform !== 'linux') return undefined;
  const { koffi, process: libc } = native;
  const getpwnam = libc.func('int getpwnam_r(const char *, void *, void *, size_t, _Out_ void **)');
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

  function lookUp(name: string): Account | undefined {
    const record = Buffer.alloc(PASSWD_BYTES);
    for (let bytes = FIRST_BUFFER_BYTES; bytes <= MAX_BUFFER_BYTES; bytes *= 4) {
      const strings = Buffer.alloc(bytes);
      const found: [unknown] = [null];
      const status = getpwnam(name, record, strings, bytes, found) as number;
      if (status === ERANGE) continue;
      if (status !== 0 && !NOT_FOUND.has(status)) throw unanswered(name, `errno ${status}`);
      if (status !== 0 || found[0] === null) return undefined;
      return accountOf(koffi.decode(record, Passwd) as PasswdRecord);
    }
    throw unanswered(name, 'its record is too large');
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

  return { lookUp };
}

interface PasswdRecord {
  name: string;
  uid: number;
  gid: number;
  gecos: string | null;
  directory: string | null;
  shell: string | null;
}

function unanswered(name: string, why: string): JetStreamError {
  const shown = JSON.stringify(name);
  return new JetStreamError('io-error', `the system cannot look up the account ${shown}: ${why}`, {
    subject: name,
  });
}
