import { randomInt } from 'node:crypto';
import type { Ffi } from './ffi.ts';

/** Below 1 GiB are programs and their heaps; from 2 GiB on V8 puts a number on the heap each time it is given to a function. */
const LOWEST = 2 ** 30;
const END = 2 ** 31;
/** Divisible by the pages of every system. */
const GRAIN_BYTES = 2 ** 16;
/** Of places taken at random, as the system itself does: who knows one address shall not know others. */
const ATTEMPTS = 16;

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
/** Nowhere rather than elsewhere. Linux before 4.17 passes over it. */
const MAP_FIXED_NOREPLACE = 0x100000;
const MADV_DONTNEED = 4;

/**
 * Memory whose addresses are small integers to V8: 16 bytes of the heap less, and a quarter less time, for each one that a native
 * function is given. It is never unmapped, since a view of it may live on anywhere: what is given back are its pages, and views
 * read zeros from then on. So it is for what is few and large.
 */
export interface LowMemory {
  readonly memory: ArrayBuffer;
  readonly address: number;
  /** Gives the pages back to the system. */
  discard(): void;
}

/** @returns zeros; undefined: there is no room, or the system has no such memory */
export function lowMemory({ koffi, process: libc }: Ffi, byteLength: number): LowMemory | undefined {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return undefined;
  const mmap = libc.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)');
  const munmap = libc.func('int munmap(uintptr_t, size_t)');
  const madvise = libc.func('int madvise(uintptr_t, size_t, int)');
  const flags = MAP_PRIVATE_ANONYMOUS | MAP_FIXED_NOREPLACE;
  const places = Math.floor((END - LOWEST - byteLength) / GRAIN_BYTES);
  for (let attempt = 0; attempt < ATTEMPTS && places > 0; attempt++) {
    const wanted = LOWEST + GRAIN_BYTES * randomInt(places);
    const given = mmap(wanted, byteLength, PROT_READ_WRITE, flags, -1, 0);
    if (given === wanted) {
      const memory = koffi.view(wanted, byteLength);
      return { memory, address: wanted, discard: () => madvise(wanted, byteLength, MADV_DONTNEED) };
    }
    if (!isFailure(given)) munmap(given, byteLength);
  }
  return undefined;
}

/** MAP_FAILED, which is -1. */
function isFailure(address: number | bigint): boolean {
  return BigInt.asIntN(64, BigInt(address)) === -1n;
}
