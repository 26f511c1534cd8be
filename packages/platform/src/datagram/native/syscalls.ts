import { type Ffi, ffi, portableForced } from '../../ffi.ts';
import { NativeMemory } from '../../native-memory.ts';

/**
 * The system calls of a native socket. Each returns what the system returns, or the negative errno; arguments named
 * `...At` are addresses. A test puts its own between.
 */
export interface Syscalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, sockaddrAt: number, byteLength: number): number;
  getsockname(fd: number, sockaddrAt: number, lengthAt: number): number;
  setsockopt(fd: number, level: number, name: number, valueAt: number, byteLength: number): number;
  getsockopt(fd: number, level: number, name: number, valueAt: number, lengthAt: number): number;
  recvmmsg(fd: number, headersAt: number, count: number, flags: number): number;
  sendmmsg(fd: number, headersAt: number, count: number, flags: number): number;
  ppoll(pollfdsAt: number, count: number, timespecAt: number): number;
  clockGettime(clock: number, timespecAt: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, at: number, byteLength: number): number;
  write(fd: number, at: number, byteLength: number): number;
  close(fd: number): number;
  prctl(option: number, value: number): number;
  inetPton(family: number, text: string, addressAt: number): number;
  inetNtop(family: number, addressAt: number, textAt: number, byteLength: number): number;
  interfaceIndex(name: string): number;
  interfaceName(index: number, nameAt: number): number;
  memory(byteLength: number): NativeMemory;
  /** The same for datagrams: given to native functions many times a packet. To be discarded. */
  arena(byteLength: number): NativeMemory;
}

/** Why there is no native socket here, whatever its options; undefined where there is. */
export function nativeSocketRefusal(): string | undefined {
  if (portableForced()) return 'JETSTREAM_PORTABLE=1 is set';
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return `there is none for ${process.platform} ${process.arch}`;
  }
  return linuxSyscalls() ? undefined : 'native functions cannot be called here (koffi is missing)';
}

let bound: Syscalls | undefined;

/** undefined where native functions cannot be called. */
export function linuxSyscalls(): Syscalls | undefined {
  const native = ffi();
  if (!native) return undefined;
  bound ??= bindSyscalls(native);
  return bound;
}

function bindSyscalls(native: Ffi): Syscalls {
  const { koffi, process: libc } = native;
  const orErrno = (result: number): number => (result < 0 ? -koffi.errno() : result);
  const socket = libc.func('int socket(int, int, int)');
  const bind = libc.func('int bind(int, uintptr_t, uint32_t)');
  const getsockname = libc.func('int getsockname(int, uintptr_t, uintptr_t)');
  const setsockopt = libc.func('int setsockopt(int, int, int, uintptr_t, uint32_t)');
  const getsockopt = libc.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)');
  const recvmmsg = libc.func('int recvmmsg(int, uintptr_t, uint32_t, int, uintptr_t)');
  const sendmmsg = libc.func('int sendmmsg(int, uintptr_t, uint32_t, int)');
  const ppoll = libc.func('int ppoll(uintptr_t, ulong, uintptr_t, uintptr_t)');
  const clockGettime = libc.func('int clock_gettime(int, uintptr_t)');
  const eventfd = libc.func('int eventfd(uint32_t, int)');
  const read = libc.func('int64_t read(int, uintptr_t, size_t)');
  const write = libc.func('int64_t write(int, uintptr_t, size_t)');
  const close = libc.func('int close(int)');
  const prctl = libc.func('int prctl(int, ulong, ulong, ulong, ulong)');
  const inetNtop = libc.func('uintptr_t inet_ntop(int, uintptr_t, uintptr_t, uint32_t)');
  const interfaceName = libc.func('uintptr_t if_indextoname(uint32_t, uintptr_t)');
  return {
    socket: (domain, type, protocol) => orErrno(socket(domain, type, protocol)),
    bind: (fd, at, length) => orErrno(bind(fd, at, length)),
    getsockname: (fd, at, lengthAt) => orErrno(getsockname(fd, at, lengthAt)),
    setsockopt: (fd, level, name, at, length) => orErrno(setsockopt(fd, level, name, at, length)),
    getsockopt: (fd, level, name, at, lengthAt) => orErrno(getsockopt(fd, level, name, at, lengthAt)),
    recvmmsg: (fd, at, count, flags) => orErrno(recvmmsg(fd, at, count, flags, 0)),
    sendmmsg: (fd, at, count, flags) => orErrno(sendmmsg(fd, at, count, flags)),
    ppoll: (at, count, timespecAt) => orErrno(ppoll(at, count, timespecAt, 0)),
    clockGettime: (clock, at) => orErrno(clockGettime(clock, at)),
    eventfd: (initial, flags) => orErrno(eventfd(initial, flags)),
    read: (fd, at, length) => orErrno(read(fd, at, length)),
    write: (fd, at, length) => orErrno(write(fd, at, length)),
    close: (fd) => orErrno(close(fd)),
    prctl: (option, value) => orErrno(prctl(option, value, 0, 0, 0)),
    inetPton: libc.func('int inet_pton(int, const char *, uintptr_t)'),
    inetNtop: (family, at, textAt, length) => Number(inetNtop(family, at, textAt, length)),
    interfaceIndex: libc.func('uint32_t if_nametoindex(const char *)'),
    interfaceName: (index, nameAt) => Number(interfaceName(index, nameAt)),
    memory: (byteLength) => new NativeMemory(native, byteLength),
    arena: (byteLength) => new NativeMemory(native, byteLength, true),
  };
}
