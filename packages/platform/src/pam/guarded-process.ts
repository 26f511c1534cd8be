import { ffi } from '../ffi.ts';

/** `linux/prctl.h` */
const PR_SET_DUMPABLE = 4;

/** Keeps what this process has in memory out of core dumps, and from other processes of the same user (prctl(2)). */
export function keepMemoryPrivate(): void {
  const native = process.platform === 'linux' ? ffi() : undefined;
  native?.process.func('int prctl(int, ulong, ulong, ulong, ulong)')(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/** Ends this process that many seconds from now, whatever it is at then (alarm(2)). 0: does not any more. */
export function endProcessAfter(seconds: number): void {
  const native = process.platform === 'linux' ? ffi() : undefined;
  native?.process.func('uint alarm(uint)')(seconds);
}
