import { systemError } from '../../ffi.ts';
import type { DatagramAddress } from '../contract.ts';
import { LOOPBACK_DATAGRAM_BYTES, maxDatagramBytesFor } from '../datagram-size.ts';
import { largestInterfaceMtu } from '../interface-mtu.ts';
import type { BoundSocket } from './bound-socket.ts';
import type { NativeSocket, NativeSocketStats, OnDatagram } from './contract.ts';
import type { EventFd } from './event-fd.ts';
import { EAGAIN, EBADF, EINTR } from './linux-abi.ts';
import { PeerTable } from './peer-table.ts';
import { ReadinessWait } from './readiness-wait.ts';
import { ReceiveBatch } from './receive-batch.ts';
import { SendQueue } from './send-queue.ts';
import type { Syscalls } from './syscalls.ts';

export class LinuxSocket implements NativeSocket {
  readonly kind = 'native';
  readonly maxDatagramBytes = LOOPBACK_DATAGRAM_BYTES;
  readonly localPort: number;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly stats: Readonly<NativeSocketStats>;
  private readonly syscalls: Syscalls;
  private readonly fd: number;
  private readonly peers: PeerTable;
  private readonly batch: ReceiveBatch;
  private readonly queue: SendQueue;
  private readonly readiness: ReadinessWait;
  private readonly counts: NativeSocketStats;
  private readonly interfaceMtu = largestInterfaceMtu();
  private closed = false;

  constructor(syscalls: Syscalls, bound: BoundSocket, wakeEvent: EventFd | undefined) {
    const { fd, ipv6, codec } = bound;
    this.syscalls = syscalls;
    this.fd = fd;
    this.localPort = bound.localPort;
    this.receiveBufferBytes = bound.receiveBufferBytes;
    this.sendBufferBytes = bound.sendBufferBytes;
    this.counts = newStats(bound);
    this.stats = this.counts;
    this.peers = new PeerTable(codec, ipv6);
    this.batch = new ReceiveBatch(syscalls, fd, this.peers, this.counts);
    const { maxDatagramBytes } = this;
    this.queue = new SendQueue(
      syscalls,
      { fd, ipv6, sockaddrBytes: codec.byteLength, maxDatagramBytes },
      this.counts,
    );
    this.readiness = new ReadinessWait(syscalls, fd, wakeEvent, this.queue);
  }

  maxDatagramBytesFor(address: string): number {
    return maxDatagramBytesFor(address, this.interfaceMtu);
  }

  get isBlocked(): boolean {
    return this.queue.blocked !== 'no';
  }

  wait(timeoutNs: number): number {
    return this.closed ? 0 : this.readiness.wait(timeoutNs);
  }

  receiveBatch(onDatagram: OnDatagram): number {
    if (this.closed) return 0;
    this.counts.receiveCalls++;
    const result = this.batch.receive(onDatagram);
    if (result >= 0) return result;
    if (result === -EBADF) throw systemError(EBADF, 'recvmmsg', 'UDP socket');
    if (result !== -EAGAIN && result !== -EINTR) this.counts.receiveErrors++;
    return 0;
  }

  get sendMemory(): Uint8Array {
    return this.queue.arena;
  }

  reserve(): number {
    return this.closed ? -1 : this.queue.reserve();
  }

  commit(byteLength: number, to: DatagramAddress): void {
    if (!this.closed) this.queue.commit(byteLength, this.peers.to(to));
  }

  flush(): boolean {
    return this.closed || this.queue.flush();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.syscalls.close(this.fd);
    this.queue.close();
    this.batch.close();
  }
}

function newStats({ segmentationOffload, receiveOffload }: BoundSocket): NativeSocketStats {
  return {
    segmentationOffload,
    receiveOffload,
    datagramsSent: 0,
    bytesSent: 0,
    sendCalls: 0,
    sendsBlocked: 0,
    datagramsUnsent: 0,
    sendErrors: new Map(),
    datagramsReceived: 0,
    bytesReceived: 0,
    receiveCalls: 0,
    receiveErrors: 0,
  };
}
