import { JetStreamError } from '@jetstream/protocol';
import { systemError } from '../../ffi.ts';
import type { NativeMemory } from '../../native-memory.ts';
import { bindError, checkHost } from '../bind-error.ts';
import { isIpv6Text } from '../ip-version.ts';
import { socketBufferBytes } from '../socket-options.ts';
import type { NativeSocketOptions } from './contract.ts';
import {
  AF_INET,
  AF_INET6,
  ECT_0,
  IP_MTU_DISCOVER,
  IP_PKTINFO,
  IP_RECVTOS,
  IP_TOS,
  IPV6_MTU_DISCOVER,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  PMTUDISC_PROBE,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TIMESTAMPNS,
  SOCK_DGRAM_NONBLOCK_CLOEXEC,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  UDP_GRO,
  UDP_SEGMENT,
} from './linux-abi.ts';
import { SocketAddressCodec } from './socket-address.ts';
import type { Syscalls } from './syscalls.ts';

const LENGTH_AT = 32;

/** A UDP socket that does not block, bound, with all options set that the system has. */
export interface BoundSocket {
  readonly fd: number;
  /** Of the family AF_INET6: IPv4 peers have mapped addresses. */
  readonly ipv6: boolean;
  readonly codec: SocketAddressCodec;
  readonly localPort: number;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly segmentationOffload: boolean;
  readonly receiveOffload: boolean;
}

/** @throws JetStreamError `address-in-use`, `permission-denied`, `invalid-argument` when the port cannot be had */
export function bindSocket(syscalls: Syscalls, options: NativeSocketOptions): BoundSocket {
  const { host } = options;
  if (host !== undefined) {
    checkHost(host);
    return bindTo(syscalls, options, host);
  }
  try {
    return bindTo(syscalls, options, '::');
  } catch (error) {
    // No IPv6 on this machine; anything else is the same for IPv4.
    if (error instanceof JetStreamError && error.code !== 'invalid-argument') throw error;
    return bindTo(syscalls, options, '0.0.0.0');
  }
}

function bindTo(syscalls: Syscalls, options: NativeSocketOptions, host: string): BoundSocket {
  const { port = 0 } = options;
  const ipv6 = isIpv6Text(host);
  const codec = new SocketAddressCodec(syscalls, ipv6);
  const fd = syscalls.socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) throw bindError(systemError(-fd, 'socket', host), host, port);
  const socket = new SocketOptions(syscalls, fd);
  if (ipv6) socket.set(SOL_IPV6, IPV6_V6ONLY, 0);
  if (options.sharePort) socket.set(SOL_SOCKET, SO_REUSEPORT, 1);
  const result = bind(syscalls, socket, codec, host, port);
  if (result < 0) {
    syscalls.close(fd);
    throw bindError(systemError(-result, 'bind', host), host, port);
  }
  return { fd, ipv6, codec, localPort: localPort(syscalls, socket), ...tune(socket, ipv6, options) };
}

function bind(
  syscalls: Syscalls,
  { fd, memory }: SocketOptions,
  codec: SocketAddressCodec,
  host: string,
  port: number,
): number {
  const sockaddr = codec.encode({ address: host, port });
  if (sockaddr === undefined) {
    syscalls.close(fd);
    throw bindError(new Error('no such port, or no such interface'), host, port);
  }
  memory.words.set(sockaddr);
  return syscalls.bind(fd, memory.address, codec.byteLength);
}

function localPort(syscalls: Syscalls, { fd, memory }: SocketOptions): number {
  memory.words[LENGTH_AT >> 2] = LENGTH_AT;
  syscalls.getsockname(fd, memory.address, memory.address + LENGTH_AT);
  return memory.bytes[2]! * 256 + memory.bytes[3]!;
}

/** What the system refuses stays as it was. */
function tune(socket: SocketOptions, ipv6: boolean, options: NativeSocketOptions) {
  const { bufferBytes = socketBufferBytes(), markEcn = false, offload = true } = options;
  // The first takes root and passes over the system's maximum; the second is cut to it.
  if (!socket.set(SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes)) socket.set(SOL_SOCKET, SO_RCVBUF, bufferBytes);
  if (!socket.set(SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes)) socket.set(SOL_SOCKET, SO_SNDBUF, bufferBytes);
  // Those of IPv4 hold for mapped addresses on an IPv6 socket.
  socket.set(SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
  socket.set(SOL_IP, IP_RECVTOS, 1);
  socket.set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (markEcn) socket.set(SOL_IP, IP_TOS, ECT_0);
  if (ipv6) {
    socket.set(SOL_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
    socket.set(SOL_IPV6, IPV6_RECVTCLASS, 1);
    if (markEcn) socket.set(SOL_IPV6, IPV6_TCLASS, ECT_0);
    socket.set(SOL_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    socket.set(SOL_IP, IP_PKTINFO, 1);
  }
  return {
    receiveBufferBytes: socket.get(SOL_SOCKET, SO_RCVBUF),
    sendBufferBytes: socket.get(SOL_SOCKET, SO_SNDBUF),
    // Segments are asked for by each message; this only sees whether the kernel knows of them.
    segmentationOffload: offload && socket.set(SOL_UDP, UDP_SEGMENT, 0),
    receiveOffload: offload && socket.set(SOL_UDP, UDP_GRO, 1),
  };
}

class SocketOptions {
  readonly fd: number;
  readonly memory: NativeMemory;
  private readonly syscalls: Syscalls;

  constructor(syscalls: Syscalls, fd: number) {
    this.syscalls = syscalls;
    this.fd = fd;
    this.memory = syscalls.memory(LENGTH_AT + 4);
  }

  /** @returns whether the system has taken it */
  set(level: number, name: number, value: number): boolean {
    this.memory.words[0] = value;
    return this.syscalls.setsockopt(this.fd, level, name, this.memory.address, 4) === 0;
  }

  get(level: number, name: number): number {
    const { words, address } = this.memory;
    words[0] = 0;
    words[LENGTH_AT >> 2] = 4;
    this.syscalls.getsockopt(this.fd, level, name, address, address + LENGTH_AT);
    return words[0]!;
  }
}
