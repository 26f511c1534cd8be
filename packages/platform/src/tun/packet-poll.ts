import { JetStreamError } from '@jetstream/protocol';
import { ffi } from '../ffi.ts';
import type { NativeMemory } from '../native-memory.ts';
import { packetArena } from './packet-arena.ts';

const POLLIN = 0x0001;
const POLLFD_BYTES = 8;
const MAX_DESCRIPTORS = 64;
/** `struct timespec` behind the descriptors; both are 64-bit little-endian, the high halves stay 0. */
const TIMESPEC = MAX_DESCRIPTORS * POLLFD_BYTES;
const PR_SET_TIMERSLACK = 29;

/**
 * Blocks the thread until a descriptor is readable or a time is over: ppoll(2), to the nanosecond. Allocates nothing
 * per call.
 */
export class PacketPoll {
  readonly #memory: NativeMemory = packetArena(TIMESPEC + 16);
  readonly #int32 = new Int32Array(this.#memory.bytes.buffer);
  readonly #int16 = new Int16Array(this.#memory.bytes.buffer);
  readonly #ppoll: (fds: number, count: number, timeout: number, mask: number) => number;
  readonly #count: number;

  /**
   * Also asks the kernel to wake this thread as near to the time as it can (timer slack of 1 ns; the default is 50 µs).
   * @param descriptors at most 64; their order is their index
   */
  constructor(descriptors: readonly number[]) {
    if (descriptors.length > MAX_DESCRIPTORS) {
      throw new JetStreamError('invalid-argument', `at most ${MAX_DESCRIPTORS} descriptors`);
    }
    const libc = ffi()!.process; // the arena is there, so this is too
    libc.func('int prctl(int, ulong, ulong, ulong, ulong)')(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    this.#ppoll = libc.func('int ppoll(uintptr_t, ulong, uintptr_t, uintptr_t)') as never;
    this.#count = descriptors.length;
    for (const [index, fd] of descriptors.entries()) {
      this.#int32[index * 2] = fd;
      this.#int16[index * 4 + 2] = POLLIN;
    }
  }

  /**
   * @param timeoutUs rounded to nanoseconds; Infinity waits for a descriptor alone
   * @param count watch only the first so many descriptors; default all
   */
  wait(timeoutUs: number, count = this.#count): void {
    for (let index = 0; index < this.#count; index++) this.#int16[index * 4 + 3] = 0;
    if (timeoutUs === Number.POSITIVE_INFINITY) {
      this.#ppoll(this.#memory.address, count, 0, 0);
      return;
    }
    const wholeUs = Math.max(0, timeoutUs);
    const seconds = Math.floor(wholeUs / 1e6);
    this.#int32[TIMESPEC / 4] = seconds;
    this.#int32[TIMESPEC / 4 + 2] = Math.min(999_999_999, Math.round((wholeUs - seconds * 1e6) * 1000));
    this.#ppoll(this.#memory.address, count, this.#memory.address + TIMESPEC, 0);
  }

  /** Of the last `wait`: has this descriptor something to read, an end, or an error? */
  ready(index: number): boolean {
    return this.#int16[index * 4 + 3] !== 0;
  }
}
