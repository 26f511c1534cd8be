import { systemError } from '../../ffi.ts';
import type { NativeMemory } from '../../native-memory.ts';
import { EFD_NONBLOCK_CLOEXEC } from './linux-abi.ts';
import { linuxSyscalls, type Syscalls } from './syscalls.ts';

const VALUE_AT = 0;
const READ_AT = 8;

/**
 * An eventfd(2): any thread wakes the one that waits for it. Make it in one thread, hand its number to others, and close
 * it once, when no thread uses it any more.
 */
export class EventFd {
  readonly fd: number;
  private readonly syscalls: Syscalls;
  private readonly memory: NativeMemory;
  private closed = false;

  /** undefined where native functions cannot be called, or the system has no eventfd. */
  static create(): EventFd | undefined {
    const fd = process.platform === 'linux' ? linuxSyscalls()?.eventfd(0, EFD_NONBLOCK_CLOEXEC) : undefined;
    return fd === undefined || fd < 0 ? undefined : EventFd.of(fd);
  }

  /** The same event in another thread. @throws Error where native functions cannot be called */
  static of(fd: number): EventFd {
    const syscalls = linuxSyscalls();
    if (!syscalls) throw new Error('an eventfd needs native functions');
    return new EventFd(syscalls, fd);
  }

  private constructor(syscalls: Syscalls, fd: number) {
    this.syscalls = syscalls;
    this.fd = fd;
    this.memory = syscalls.memory(16);
    this.memory.words[VALUE_AT] = 1;
  }

  /** Wakes the waiting thread, now or when it next waits. Signals before that count as one. */
  signal(): void {
    if (this.closed) return;
    const written = this.syscalls.write(this.fd, this.memory.address + VALUE_AT, 8);
    if (written < 0) throw systemError(-written, 'write', 'eventfd');
  }

  /** Takes the signals. @returns whether there were any */
  drain(): boolean {
    return !this.closed && this.syscalls.read(this.fd, this.memory.address + READ_AT, 8) === 8;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.syscalls.close(this.fd);
  }
}
