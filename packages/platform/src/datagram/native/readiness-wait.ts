import { systemError } from '../../ffi.ts';
import type { NativeMemory } from '../../native-memory.ts';
import { Readiness } from './contract.ts';
import type { EventFd } from './event-fd.ts';
import { EINTR, POLLIN, POLLNVAL, POLLOUT, PR_SET_TIMERSLACK } from './linux-abi.ts';
import type { SendQueue } from './send-queue.ts';
import type { Syscalls } from './syscalls.ts';

/** `struct pollfd { int fd; short events, revents }` of the socket and of the event, then `struct timespec`. */
const SOCKET_WORD = 0;
const EVENT_WORD = 2;
const TIMEOUT_AT = 16;
const NANOSECONDS = 1e9;
/** After ENOBUFS or ENOMEM, of whose end poll(2) says nothing. */
const MOMENT_NS = 1e6;

/** Blocks the thread in ppoll(2) on a socket and an event. */
export class ReadinessWait {
  private readonly syscalls: Syscalls;
  private readonly event: EventFd | undefined;
  private readonly queue: SendQueue;
  private readonly memory: NativeMemory;

  constructor(syscalls: Syscalls, fd: number, event: EventFd | undefined, queue: SendQueue) {
    this.syscalls = syscalls;
    this.event = event;
    this.queue = queue;
    this.memory = syscalls.memory(TIMEOUT_AT + 16);
    this.memory.words[SOCKET_WORD] = fd;
    // ppoll passes over -1.
    this.memory.words[EVENT_WORD] = event?.fd ?? -1;
    this.memory.words[EVENT_WORD + 1] = POLLIN;
    // The kernel may wake this thread 50 µs late by default, to wake it less often: too late for a pacer.
    syscalls.prctl(PR_SET_TIMERSLACK, 1);
  }

  /** @returns bits of `Readiness` */
  wait(timeoutNs: number): number {
    const { words, address } = this.memory;
    const { blocked } = this.queue;
    words[SOCKET_WORD + 1] = blocked === 'until writable' ? POLLIN | POLLOUT : POLLIN;
    const longestNs = blocked === 'for a moment' ? Math.min(timeoutNs, MOMENT_NS) : timeoutNs;
    const result = this.syscalls.ppoll(address, 2, this.writeTimeout(longestNs));
    if (result < 0 && result !== -EINTR) throw systemError(-result, 'ppoll', 'UDP socket');
    return result < 0 ? 0 : this.readiness();
  }

  private readiness(): number {
    const { words } = this.memory;
    const socket = words[SOCKET_WORD + 1]! >>> 16;
    if ((socket & POLLNVAL) !== 0)
      throw new Error('the descriptor of a UDP socket was closed by somebody else');
    let ready = (socket & ~POLLOUT) !== 0 ? Readiness.Readable : 0;
    if ((socket & POLLOUT) !== 0 || this.queue.blocked === 'for a moment') ready |= Readiness.Writable;
    if (words[EVENT_WORD + 1]! >>> 16 !== 0 && this.event!.drain()) ready |= Readiness.Woken;
    return ready;
  }

  /** @returns where it stands; 0, no pointer, for no end */
  private writeTimeout(timeoutNs: number): number {
    const { memory } = this;
    if (timeoutNs === Number.POSITIVE_INFINITY) return 0;
    const nanoseconds = Math.max(timeoutNs, 0) || 0;
    const seconds = Math.floor(nanoseconds / NANOSECONDS);
    memory.writeUint64(TIMEOUT_AT, seconds);
    memory.writeUint64(TIMEOUT_AT + 8, Math.floor(nanoseconds - seconds * NANOSECONDS));
    return memory.address + TIMEOUT_AT;
  }
}
