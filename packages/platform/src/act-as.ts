import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { JetStreamError } from '@jetstream/protocol';
import type { Account } from './accounts/account.ts';
import { ffi, type NativeLibrary } from './ffi.ts';

/** Raw system calls: those of libc would change every thread of the process. Numbers from the kernel's unistd.h. */
const SYSCALLS = {
  x64: { setgroups: 116, setfsuid: 122, setfsgid: 123, capset: 126 },
  arm64: { setgroups: 159, setfsuid: 151, setfsgid: 152, capset: 91 },
} as const;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;

/** Can a worker thread of this process act as another user than the one who runs it. */
export function canActAsOthers(): boolean {
  return reasonAgainst() === undefined;
}

/**
 * Makes the calling worker thread act as `account` for good: from now on the kernel holds each of its file operations to
 * that user's rights, files it makes are the user's, and no capability of root is left to it. This holds for the thread
 * alone and so for `fs.*Sync` alone: an asynchronous call runs on another thread, as root. Acting as the account
 * that runs the process already is no change.
 * @throws JetStreamError `permission-denied` where the system, or the rights of this process, do not allow it; the
 * thread must then do nothing more and end
 */
export function actAs(account: Pick<Account, 'name' | 'uid' | 'gid' | 'groups'>): void {
  const { name, uid, gid, groups } = account;
  if (![uid, gid, ...groups].every(isId)) throw refusal(name, 'its numbers are not those of an account');
  if (uid === process.geteuid?.()) return;
  const reason = isMainThread ? 'only a worker thread may' : reasonAgainst();
  if (reason) throw refusal(name, reason);
  switchThread(ffi()!.process, uid, gid, groups);
  const difference = differenceFrom(uid, gid, groups);
  if (difference) throw refusal(name, difference);
}

function reasonAgainst(): string | undefined {
  if (process.platform !== 'linux' || !(process.arch in SYSCALLS)) {
    return `there is no way to do so on ${process.platform} ${process.arch}`;
  }
  if (process.geteuid?.() !== 0) return 'the server does not run as root';
  if (!ffi())
    return 'native functions cannot be called here (koffi is missing, or JETSTREAM_PORTABLE=1 is set)';
  return undefined;
}

/** Groups first: each step takes away the right to do the one before. */
function switchThread(libc: NativeLibrary, uid: number, gid: number, groups: readonly number[]): void {
  const numbers = SYSCALLS[process.arch as keyof typeof SYSCALLS];
  const byPointer = libc.func('long syscall(long, long, void *)');
  const byPointers = libc.func('long syscall(long, void *, void *)');
  const byNumber = libc.func('long syscall(long, long)');
  byPointer(numbers.setgroups, groups.length, Uint32Array.from(groups));
  byNumber(numbers.setfsgid, gid);
  byNumber(numbers.setfsuid, uid);
  // Changing the file system uid takes the capabilities about files away; those left would still pass over quotas.
  byPointers(numbers.capset, Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0), new Uint32Array(6));
}

/** What the kernel says of this thread is what counts. undefined: all as wanted. */
function differenceFrom(uid: number, gid: number, groups: readonly number[]): string | undefined {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  const field = (name: string): string[] =>
    (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? 'absent').trim().split(/\s+/);
  if (field('Uid')[3] !== String(uid)) return 'the kernel did not change the user';
  if (field('Gid')[3] !== String(gid)) return 'the kernel did not change the group';
  const kept = field('Groups').filter((text) => text !== '');
  if (kept.length !== new Set(groups).size || !groups.every((group) => kept.includes(String(group)))) {
    return 'the kernel did not change the groups';
  }
  if (!['CapEff', 'CapPrm'].every((name) => /^0+$/.test(field(name)[0]!))) {
    return 'the kernel did not take the capabilities away';
  }
  return undefined;
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1;
}

function refusal(name: string, reason: string): JetStreamError {
  return new JetStreamError(
    'permission-denied',
    `cannot act as the user ${JSON.stringify(name)}: ${reason}`,
    {
      subject: name,
    },
  );
}
