import { ffi } from './ffi.ts';
import { NativeMemory } from './native-memory.ts';

const CLOCK_THREAD_CPUTIME_ID = 3;

/**
 * A clock that runs while the calling thread does, in nanoseconds (clock_gettime(2)): it tells the thread's own work from
 * what other threads, other processes and waiting cost. undefined where native functions cannot be called, or off Linux.
 */
export function threadCpuClock(): (() => number) | undefined {
  const native = process.platform === 'linux' ? ffi() : undefined;
  if (native === undefined) return undefined;
  const memory = new NativeMemory(native, 16);
  const { words, address } = memory;
  const read = native.process.func('int clock_gettime(int, uintptr_t)');
  return () => {
    read(CLOCK_THREAD_CPUTIME_ID, address);
    return words[0]! * 1e9 + words[2]!;
  };
}
