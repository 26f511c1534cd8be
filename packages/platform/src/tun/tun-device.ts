import { closeSync, constants, openSync } from 'node:fs';
import { JetStreamError } from '@jetstream/protocol';
import { ffi, systemError } from '../ffi.ts';
import type { NativeMemory } from '../native-memory.ts';
import { inNetworkNamespace } from './network-namespace.ts';
import { packetArena } from './packet-arena.ts';

/** Numbers of linux/if_tun.h, the same on x64 and arm64. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFREQ_BYTES = 40;
const IFNAMSIZ = 16;
/** `struct iovec { void *base; size_t length }`, both 64-bit little-endian. */
const IOVEC_BYTES = 16;

const EINTR = 4;
const EAGAIN = 11;
const EBADFD = 77;

/**
 * Makes a TUN device: a network device whose wire is this process. It carries IP packets without a header before them,
 * none larger than its MTU (no offloads); it is down and has no address yet, and goes when its descriptor is closed.
 * @param options.name at most 15 bytes, free in its namespace
 * @param options.namespace network namespace by the name that `ip netns` shows; default: that of the process
 * @returns the descriptor, for `tunPackets` and `PacketPoll`; any thread may use it
 * @throws the system error: `EPERM` without the rights of root, `EBUSY` for a name in use, `ENOENT` without TUN
 */
export function openTunDevice({ name, namespace }: { name: string; namespace?: string }): number {
  const native = ffi();
  if (!native)
    throw new JetStreamError('not-found', 'a TUN device needs native functions', { subject: name });
  const request = interfaceRequest(name);
  const open = () => openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
  const fd = namespace === undefined ? open() : inNetworkNamespace(namespace, open);
  const ioctl = native.process.func('int ioctl(int, unsigned long, void *)');
  if (ioctl(fd, TUNSETIFF, request) !== 0) {
    const error = systemError(native.koffi.errno(), 'ioctl TUNSETIFF', name);
    closeSync(fd);
    throw error;
  }
  return fd;
}

/** What goes through a TUN device, from and to an arena. Nothing is allocated per packet. */
export interface TunPackets {
  /**
   * Takes the packet that waits longest to leave the system by this device, whole, into the arena.
   * @returns its length in bytes; 0: none waits
   * @throws the system error, when the device is gone
   */
  read(offset: number, capacityBytes: number): number;
  /**
   * Lets a packet of the arena arrive at the system by this device.
   * @returns false: it was not taken, because the device is down
   * @throws the system error, when the device is gone
   */
  write(offset: number, lengthBytes: number): boolean;
}

/** @param fd of `openTunDevice` */
export function tunPackets(fd: number, arena: NativeMemory): TunPackets {
  const { koffi, process: libc } = ffi()!; // there was a way to make the device
  const vector = new PacketVector(arena, packetArena(IOVEC_BYTES));
  const readv = libc.func('int64_t readv(int, uintptr_t, int)') as PacketCall;
  const writev = libc.func('int64_t writev(int, uintptr_t, int)') as PacketCall;
  return {
    read(offset, capacityBytes) {
      vector.point(offset, capacityBytes);
      const length = readv(fd, vector.address, 1);
      if (length >= 0) return length;
      const errno = koffi.errno();
      if (errno === EAGAIN || errno === EINTR) return 0;
      throw systemError(errno, 'readv', 'TUN device');
    },
    write(offset, lengthBytes) {
      vector.point(offset, lengthBytes);
      if (writev(fd, vector.address, 1) === lengthBytes) return true;
      const errno = koffi.errno();
      if (errno === EBADFD) throw systemError(errno, 'writev', 'TUN device');
      return false;
    },
  };
}

type PacketCall = (fd: number, vector: number, count: number) => number;

/**
 * Where the next packet lies. An address is more than V8 holds without allocating, so that one passed in each call would
 * be garbage for each packet; this one is passed by being written down.
 */
class PacketVector {
  readonly address: number;
  readonly #arena: NativeMemory;
  readonly #vector: NativeMemory;

  constructor(arena: NativeMemory, vector: NativeMemory) {
    this.address = vector.address;
    this.#arena = arena;
    this.#vector = vector;
  }

  point(offset: number, lengthBytes: number): void {
    if (!(offset >= 0 && lengthBytes >= 0 && offset + lengthBytes <= this.#arena.bytes.length)) {
      throw new RangeError('the packet does not lie within the arena');
    }
    this.#vector.writeUint64(0, this.#arena.address + offset);
    this.#vector.words[2] = lengthBytes;
  }
}

/** `struct ifreq { char name[16]; short flags; … }` */
function interfaceRequest(name: string): Buffer {
  const request = Buffer.alloc(IFREQ_BYTES);
  if (request.write(name) >= IFNAMSIZ) {
    throw new JetStreamError('invalid-argument', `${name} is too long for the name of a device`, {
      subject: name,
    });
  }
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, IFNAMSIZ);
  return request;
}
