import type { DatagramAddress } from '../contract.ts';
import type { EventFd } from './event-fd.ts';

/**
 * One UDP socket as the blocking loop of a lane uses it: `wait`, `receiveBatch`, then `reserve` and `commit` until there
 * is nothing to say, `flush`. Only `wait` blocks, nothing is allocated per datagram, and nothing throws for what the
 * network or a peer does. For one thread; that of an `EventFd` may be another.
 */
export interface NativeSocket {
  readonly kind: 'native';
  readonly localPort: number;
  /** What the kernel granted; a small one explains loss at the receiver. */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  /** Room at the places that `reserve` gives: the largest datagram this socket sends to anybody. */
  readonly maxDatagramBytes: number;
  readonly stats: Readonly<NativeSocketStats>;
  /** The kernel had no room for all that was flushed: `wait` says when there is some. */
  readonly isBlocked: boolean;
  /** Largest UDP payload worth trying towards this address; a path MTU search (RFC 8899) says what really passes. */
  maxDatagramBytesFor(address: string): number;
  /**
   * Blocks until there is something to receive, the event was signalled, or there is room again for what `flush` could
   * not send; `timeoutNs` (0: only looks, Infinity: no end) at most.
   * @returns bits of `Readiness`; 0 when the time is over, or a signal interrupted
   */
  wait(timeoutNs: number): number;
  /**
   * Hands out what waits in the socket, one batch of it.
   * @returns datagrams handed out; 0: nothing waits any more
   */
  receiveBatch(onDatagram: OnDatagram): number;
  /** Where datagrams to be sent are written, at the places that `reserve` gives. */
  readonly sendMemory: Uint8Array;
  /**
   * Place of the next datagram in `sendMemory`, with room for `maxDatagramBytes`; the same one again until it is committed.
   * Sends what was committed when there is no room otherwise. -1: the kernel takes no more now (`wait` says when), or closed.
   */
  reserve(): number;
  /** Queues the first `byteLength` bytes at the reserved place to be sent. Without a reserved place: nothing. */
  commit(byteLength: number, to: DatagramAddress): void;
  /**
   * Sends what was committed.
   * @returns false when the kernel took only a part; the rest stays queued, and `wait` waits for room too
   */
  flush(): boolean;
  /** Gives the port back; what was not flushed is dropped. Afterwards nothing is received or reserved. */
  close(): void;
}

/** Bits of what `wait` returns. */
export const Readiness = {
  /** `receiveBatch` has something. */
  Readable: 1,
  /** The event was signalled since the last time; its count is taken already. */
  Woken: 2,
  /** `flush` can send again. */
  Writable: 4,
} as const;

/**
 * Is given the datagram `bytes[start, end)`; `bytes` is the same object each time, for a view of each datagram would cost more than
 * its share of the system call. What stands there may be changed, and is valid until the next `receiveBatch`.
 * @param from one object per known peer, but may be a new one for the same peer: compare its fields
 * @param waitedUs how long before the call of `receiveBatch` it had come to this machine, whole µs; 0 when not known. May be a little
 *   below 0: it came during the call
 * @param ecn ECN codepoint of the IP header (RFC 3168): 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced
 */
export type OnDatagram = (
  bytes: Uint8Array,
  from: DatagramAddress,
  ecn: number,
  start: number,
  end: number,
  waitedUs: number,
) => void;

export interface NativeSocketOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** IP address to listen on. Default: all, IPv6 and IPv4 on one socket where the system can, else IPv4. */
  host?: string;
  /** Wakes `wait`. Stays open when the socket is closed. */
  wakeEvent?: EventFd;
  /** Lets other sockets of this user that say so too have the same port; the kernel spreads peers over them. Default false. */
  sharePort?: boolean;
  /** Marks what is sent as ECT(0). Default false. */
  markEcn?: boolean;
  /** Asked of the kernel for each direction; it grants what rights and limits allow. Default `JETSTREAM_SOCKET_BUFFER`, else 16 MiB. */
  bufferBytes?: number;
  /** UDP generic segmentation and receive offload. Default true; what the kernel refuses is done without. */
  offload?: boolean;
  /** Told in a few words why there is no native socket here, for the log. */
  onRefusal?: (reason: string) => void;
}

export interface NativeSocketStats {
  /** Is segmentation offload in use; false once the kernel has refused it. */
  segmentationOffload: boolean;
  receiveOffload: boolean;
  datagramsSent: number;
  bytesSent: number;
  sendCalls: number;
  /** Times the kernel had no room for a part of a batch. */
  sendsBlocked: number;
  /** Committed but not sent because of an error: `sendErrors` says which. Lost, as datagrams are. */
  datagramsUnsent: number;
  /** How often each errno was met in sending, by its name, e.g. ENETUNREACH. */
  readonly sendErrors: Map<string, number>;
  datagramsReceived: number;
  bytesReceived: number;
  receiveCalls: number;
  /** Errors met in receiving; such as there are concern no datagram that could be handed out. */
  receiveErrors: number;
}
