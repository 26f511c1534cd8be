import type { NativeMemory } from '../../native-memory.ts';
import { RECEIVE_CONTROL_BYTES, ReceivedAncillaryData } from './ancillary-data.ts';
import type { NativeSocketStats, OnDatagram } from './contract.ts';
import {
  CLOCK_REALTIME,
  IOV_LEN,
  IOVEC_BYTES,
  MMSGHDR_BYTES,
  MSG_CONTROL,
  MSG_CONTROLLEN,
  MSG_DONTWAIT,
  MSG_FLAGS,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_LEN,
  MSG_NAME,
  MSG_NAMELEN,
  MSG_TRUNC,
  SOCKADDR_ROOM,
  TIMESPEC_BYTES,
} from './linux-abi.ts';
import type { PeerTable } from './peer-table.ts';
import type { Syscalls } from './syscalls.ts';

/** Messages of one system call. */
const MESSAGES = 16;
/** The largest that receive offload makes of many datagrams. */
const MESSAGE_BYTES = 65_536;
/** Not a power of two, or the beginnings of all messages would contend for the same cache lines. */
const STRIDE = MESSAGE_BYTES + 1536;
const IOVECS_AT = MESSAGES * MMSGHDR_BYTES;
const NAMES_AT = IOVECS_AT + MESSAGES * IOVEC_BYTES;
const CONTROL_AT = NAMES_AT + MESSAGES * SOCKADDR_ROOM;
const NOW_AT = CONTROL_AT + MESSAGES * RECEIVE_CONTROL_BYTES;
const DATA_AT = NOW_AT + TIMESPEC_BYTES;

/** Receives by recvmmsg(2) into one arena and hands out each datagram of what UDP_GRO has put together. */
export class ReceiveBatch {
  /** Datagrams, without the headers. */
  readonly arena: Uint8Array;
  private readonly syscalls: Syscalls;
  private readonly fd: number;
  private readonly peers: PeerTable;
  private readonly memory: NativeMemory;
  private readonly stats: NativeSocketStats;
  private readonly ancillary: ReceivedAncillaryData;
  /** Messages whose headers the kernel has written to. */
  private used = MESSAGES;
  private closed = false;

  constructor(syscalls: Syscalls, fd: number, peers: PeerTable, stats: NativeSocketStats) {
    this.stats = stats;
    this.syscalls = syscalls;
    this.fd = fd;
    this.peers = peers;
    this.memory = syscalls.arena(DATA_AT + MESSAGES * STRIDE);
    this.arena = this.memory.bytes.subarray(DATA_AT);
    this.ancillary = new ReceivedAncillaryData(this.memory);
    for (let index = 0; index < MESSAGES; index++) this.layOut(index);
  }

  /** @returns datagrams handed out, or a negative errno */
  receive(onDatagram: OnDatagram): number {
    for (let index = 0; index < this.used; index++) this.resetLengths(index);
    this.syscalls.clockGettime(CLOCK_REALTIME, this.memory.address + NOW_AT);
    const result = this.syscalls.recvmmsg(this.fd, this.memory.address, MESSAGES, MSG_DONTWAIT);
    this.used = Math.max(result, 0);
    if (result < 0) return result;
    const before = this.stats.datagramsReceived;
    for (let index = 0; index < result && !this.closed; index++) this.handOut(index, onDatagram);
    return this.stats.datagramsReceived - before;
  }

  /** To be called once, and nothing after it. */
  close(): void {
    this.closed = true;
    this.memory.discard();
  }

  private handOut(index: number, onDatagram: OnDatagram): void {
    const { words } = this.memory;
    const header = index * MMSGHDR_BYTES;
    if ((words[(header + MSG_FLAGS) >> 2]! & MSG_TRUNC) !== 0) {
      this.stats.receiveErrors++;
      return;
    }
    const length = words[(header + MSG_LEN) >> 2]!;
    const peer = this.peers.from(words, (NAMES_AT + index * SOCKADDR_ROOM) >> 2);
    const { ancillary, arena } = this;
    ancillary.read(CONTROL_AT + index * RECEIVE_CONTROL_BYTES, words[(header + MSG_CONTROLLEN) >> 2]!, peer);
    const segmentBytes = ancillary.segmentBytes || Math.max(length, 1);
    const { ecn } = ancillary;
    const waitedUs = ancillary.waitedUs(NOW_AT);
    this.stats.bytesReceived += length;
    let start = index * STRIDE;
    const end = start + length;
    do {
      this.stats.datagramsReceived++;
      onDatagram(arena, peer.address, ecn, start, Math.min(start + segmentBytes, end), waitedUs);
      start += segmentBytes;
    } while (start < end && !this.closed);
  }

  private layOut(index: number): void {
    const { memory } = this;
    const header = index * MMSGHDR_BYTES;
    const iovec = IOVECS_AT + index * IOVEC_BYTES;
    memory.writePointer(header + MSG_NAME, NAMES_AT + index * SOCKADDR_ROOM);
    memory.writePointer(header + MSG_IOV, iovec);
    memory.writeUint64(header + MSG_IOVLEN, 1);
    memory.writePointer(header + MSG_CONTROL, CONTROL_AT + index * RECEIVE_CONTROL_BYTES);
    memory.writePointer(iovec, DATA_AT + index * STRIDE);
    memory.writeUint64(iovec + IOV_LEN, MESSAGE_BYTES);
  }

  /** The kernel has written there how much of the room it used. */
  private resetLengths(index: number): void {
    const { words } = this.memory;
    const header = index * MMSGHDR_BYTES;
    words[(header + MSG_NAMELEN) >> 2] = SOCKADDR_ROOM;
    words[(header + MSG_CONTROLLEN) >> 2] = RECEIVE_CONTROL_BYTES;
  }
}
