import { getSystemErrorMap } from 'node:util';
import { MAX_DATAGRAM_BYTES } from '@jetstream/protocol';
import type { NativeMemory } from '../../native-memory.ts';
import { SEND_CONTROL_BYTES, writeAncillaryData } from './ancillary-data.ts';
import type { NativeSocketStats } from './contract.ts';
import {
  EADDRNOTAVAIL,
  EAGAIN,
  EHOSTUNREACH,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  ENOMEM,
  IOV_LEN,
  IOVEC_BYTES,
  MMSGHDR_BYTES,
  MSG_CONTROL,
  MSG_CONTROLLEN,
  MSG_DONTWAIT,
  MSG_IOV,
  MSG_IOVLEN,
  MSG_NAME,
  MSG_NAMELEN,
  MSG_NOSIGNAL,
  SOCKADDR_ROOM,
} from './linux-abi.ts';
import type { Peer } from './peer-table.ts';
import type { Syscalls } from './syscalls.ts';

/** Messages of one system call. */
const MESSAGES = 256;
/** UDP_MAX_SEGMENTS of all kernels that have UDP_SEGMENT. */
const MAX_SEGMENTS = 64;
/** Small enough to stay in the processor's cache between sealing and sending, large enough for several full messages. */
const DATA_BYTES = 256 * 2 ** 10;
const IOVECS_AT = MESSAGES * MMSGHDR_BYTES;
const NAMES_AT = IOVECS_AT + MESSAGES * IOVEC_BYTES;
const CONTROL_AT = NAMES_AT + MESSAGES * SOCKADDR_ROOM;
const DATA_AT = CONTROL_AT + MESSAGES * SEND_CONTROL_BYTES;
const NOWHERE = -1;

export interface SendQueueOptions {
  readonly fd: number;
  readonly ipv6: boolean;
  readonly sockaddrBytes: number;
  readonly maxDatagramBytes: number;
}

/** How a message with several datagrams goes out. */
const Split = {
  /** As one, the kernel segments it. */
  No: 0,
  /** One datagram at a time: the kernel took it for too large. */
  Yes: 1,
  /** One at a time, to see whether it was segmentation that the kernel refused or the destination. */
  ToSee: 2,
} as const;

/**
 * Datagrams to be sent, one behind the other in one arena. Consecutive ones of one size to one peer (the last may be
 * shorter) become one message that the kernel segments (UDP_SEGMENT); all messages go by one sendmmsg(2). What the
 * kernel does not take stays; what it refuses is counted.
 */
export class SendQueue {
  /** Where datagrams stand. */
  readonly arena: Uint8Array;
  /** The kernel took only a part, for want of room that poll(2) tells of, or of memory, that it does not. */
  blocked: 'no' | 'until writable' | 'for a moment' = 'no';
  private readonly syscalls: Syscalls;
  private readonly options: SendQueueOptions;
  private readonly stats: NativeSocketStats;
  private readonly memory: NativeMemory;
  /** Messages are `head` to `tail`, each with its peer, place in the arena, length, and length of its first datagram. */
  private head = 0;
  private tail = 0;
  private readonly peers: (Peer | undefined)[] = new Array(MESSAGES).fill(undefined);
  private readonly starts = new Int32Array(MESSAGES);
  private readonly lengths = new Int32Array(MESSAGES);
  private readonly segments = new Int32Array(MESSAGES);
  private readonly splits = new Uint8Array(MESSAGES);
  private cursor = 0;
  /** Where the reserved buffer begins; it stays valid over a flush. */
  private reservedAt = NOWHERE;

  constructor(syscalls: Syscalls, options: SendQueueOptions, stats: NativeSocketStats) {
    this.syscalls = syscalls;
    this.options = options;
    this.stats = stats;
    this.memory = syscalls.arena(DATA_AT + DATA_BYTES);
    this.arena = this.memory.bytes.subarray(DATA_AT);
    for (let index = 0; index < MESSAGES; index++) this.layOut(index);
  }

  /** @returns where in the arena the next datagram goes, -1 when there is no room */
  reserve(): number {
    const full = this.tail === MESSAGES || this.cursor + this.options.maxDatagramBytes > DATA_BYTES;
    if (full && !this.flush()) return NOWHERE;
    this.reservedAt = this.cursor;
    return this.cursor;
  }

  /** @param peer undefined: nothing can be sent there, which is counted */
  commit(byteLength: number, peer: Peer | undefined): void {
    const start = this.reservedAt;
    if (start === NOWHERE) return;
    this.reservedAt = NOWHERE;
    if (peer === undefined || !(byteLength >= 0 && byteLength <= this.options.maxDatagramBytes)) {
      this.stats.datagramsUnsent++;
      this.countError(EINVAL);
      return;
    }
    const last = this.tail - 1;
    if (this.continues(last, start, byteLength, peer)) this.lengths[last]! += byteLength;
    else {
      this.peers[this.tail] = peer;
      this.starts[this.tail] = start;
      this.lengths[this.tail] = byteLength;
      this.segments[this.tail] = byteLength;
      this.splits[this.tail] = Split.No;
      this.tail++;
    }
    this.cursor = start + byteLength;
  }

  /** @returns whether nothing is left */
  flush(): boolean {
    this.blocked = 'no';
    this.describeAll();
    while (this.head < this.tail) {
      const at = this.memory.address + this.head * MMSGHDR_BYTES;
      this.stats.sendCalls++;
      const result = this.syscalls.sendmmsg(
        this.options.fd,
        at,
        this.sendableAtOnce(),
        MSG_DONTWAIT | MSG_NOSIGNAL,
      );
      if (result > 0) this.accepted(result);
      else if (!this.goOnAfter(-result)) return false;
    }
    this.head = 0;
    this.tail = 0;
    this.cursor = 0;
    return true;
  }

  /** Drops what is left. To be called once, and nothing after it. */
  close(): void {
    this.memory.discard();
  }

  private continues(last: number, start: number, byteLength: number, peer: Peer): boolean {
    if (!this.stats.segmentationOffload || last < this.head) return false;
    const length = this.lengths[last]!;
    const segment = this.segments[last]!;
    return (
      this.peers[last] === peer &&
      this.splits[last] === Split.No &&
      this.starts[last]! + length === start &&
      byteLength > 0 &&
      byteLength <= segment &&
      // A shorter one was the last.
      length % segment === 0 &&
      length < segment * MAX_SEGMENTS &&
      length + byteLength <= MAX_DATAGRAM_BYTES
    );
  }

  /** A split message goes alone, a datagram at a time. */
  private sendableAtOnce(): number {
    if (this.splits[this.head] !== Split.No) return 1;
    let end = this.head + 1;
    while (end < this.tail && this.splits[end] === Split.No) end++;
    return end - this.head;
  }

  private accepted(messages: number): void {
    for (let count = 0; count < messages; count++) {
      this.stats.datagramsSent += this.datagramsInNextSend();
      this.stats.bytesSent += this.bytesInNextSend();
      if (this.splits[this.head] === Split.ToSee) this.giveUpSegmentation();
      this.drop();
    }
  }

  /** @returns whether to try again at once */
  private goOnAfter(errno: number): boolean {
    const { head } = this;
    if (errno === EINTR) return true;
    if (errno === EAGAIN || errno === ENOBUFS || errno === ENOMEM) {
      this.stats.sendsBlocked++;
      this.blocked = errno === EAGAIN ? 'until writable' : 'for a moment';
      return false;
    }
    this.countError(errno);
    const peer = this.peers[head]!;
    if (peer.hasLocalAddress && isAboutAddress(errno)) {
      // We may have lost the address that the peer wrote to: let the kernel choose another.
      peer.hasLocalAddress = false;
      this.describeAll();
    } else if (this.datagramsInNextSend() > 1 && isAboutSegmentation(errno)) {
      this.splits[head] = errno === EMSGSIZE ? Split.Yes : Split.ToSee;
      this.describe(head);
    } else {
      this.stats.datagramsUnsent += this.datagramsInNextSend();
      // A datagram that fails by itself says nothing against segmentation.
      if (this.splits[head] === Split.ToSee) this.splits[head] = Split.Yes;
      this.drop();
    }
    return true;
  }

  private giveUpSegmentation(): void {
    this.stats.segmentationOffload = false;
    for (let index = this.head; index < this.tail; index++) {
      if (this.lengths[index]! > this.segments[index]!) this.splits[index] = Split.Yes;
    }
    this.describeAll();
  }

  /** Takes what was sent or refused off the queue: the first message, or the first datagram of a split one. */
  private drop(): void {
    const { head } = this;
    const bytes = this.bytesInNextSend();
    this.starts[head]! += bytes;
    this.lengths[head]! -= bytes;
    if (this.lengths[head]! > 0) this.describe(head);
    else {
      this.peers[head] = undefined;
      this.head++;
    }
  }

  private bytesInNextSend(): number {
    const length = this.lengths[this.head]!;
    return this.splits[this.head] === Split.No ? length : Math.min(length, this.segments[this.head]!);
  }

  private datagramsInNextSend(): number {
    const { head } = this;
    return this.splits[head] === Split.No
      ? Math.ceil(this.lengths[head]! / Math.max(this.segments[head]!, 1)) || 1
      : 1;
  }

  private countError(errno: number): void {
    const name = getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
    this.stats.sendErrors.set(name, (this.stats.sendErrors.get(name) ?? 0) + 1);
  }

  private describeAll(): void {
    for (let index = this.head; index < this.tail; index++) this.describe(index);
  }

  /** Writes what sendmmsg(2) is told of a message. */
  private describe(index: number): void {
    const { memory, options } = this;
    const { words } = memory;
    const peer = this.peers[index]!;
    const segment = this.segments[index]!;
    const length =
      this.splits[index] === Split.No ? this.lengths[index]! : Math.min(this.lengths[index]!, segment);
    const iovec = IOVECS_AT + index * IOVEC_BYTES;
    memory.writePointer(iovec, DATA_AT + this.starts[index]!);
    words[(iovec + IOV_LEN) >> 2] = length;
    const name = (NAMES_AT + index * SOCKADDR_ROOM) >> 2;
    for (let word = 0; word << 2 < options.sockaddrBytes; word++) words[name + word] = peer.sockaddr[word]!;
    const control = CONTROL_AT + index * SEND_CONTROL_BYTES;
    words[(index * MMSGHDR_BYTES + MSG_CONTROLLEN) >> 2] = writeAncillaryData(
      memory,
      control,
      length > segment ? segment : 0,
      peer,
      options.ipv6,
    );
  }

  private layOut(index: number): void {
    const { memory } = this;
    const header = index * MMSGHDR_BYTES;
    memory.writePointer(header + MSG_NAME, NAMES_AT + index * SOCKADDR_ROOM);
    memory.words[(header + MSG_NAMELEN) >> 2] = this.options.sockaddrBytes;
    memory.writePointer(header + MSG_IOV, IOVECS_AT + index * IOVEC_BYTES);
    memory.writeUint64(header + MSG_IOVLEN, 1);
    memory.writePointer(header + MSG_CONTROL, CONTROL_AT + index * SEND_CONTROL_BYTES);
  }
}

function isAboutAddress(errno: number): boolean {
  return errno === EINVAL || errno === EADDRNOTAVAIL || errno === ENETUNREACH || errno === EHOSTUNREACH;
}

function isAboutSegmentation(errno: number): boolean {
  return errno === EIO || errno === EINVAL || errno === EMSGSIZE;
}
