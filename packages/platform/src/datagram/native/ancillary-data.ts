import type { NativeMemory } from '../../native-memory.ts';
import {
  CMSG_LEVEL,
  CMSG_TYPE,
  CMSGHDR_BYTES,
  IP_PKTINFO,
  IP_TOS,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  SO_TIMESTAMPNS,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  TV_NSEC,
  UDP_GRO,
  UDP_SEGMENT,
} from './linux-abi.ts';
import type { Peer } from './peer-table.ts';

/** Room for all control messages of one received message: segment size, TOS or traffic class, packet information, time. */
export const RECEIVE_CONTROL_BYTES = 128;
/** And of one sent: segment size, packet information. */
export const SEND_CONTROL_BYTES = 64;

const ECN_MASK = 3;
/** Nothing waits longer in a socket that somebody looks after. */
const MAX_WAITED_US = 2_000_000;
/** Where the local address stands in `struct in_pktinfo { ifindex, spec_dst, addr }`, in words. */
const IN_PKTINFO_LOCAL_WORD = 1;
const IN_PKTINFO_BYTES = 12;
const IN6_PKTINFO_BYTES = 20;

/** What the kernel says about one received message, cmsg(3). */
export class ReceivedAncillaryData {
  /** Datagrams in the message are so long, the last one may be shorter; 0: it is one datagram. */
  segmentBytes = 0;
  ecn = 0;
  /** Where the time of receipt stands; 0: it is not told. */
  private timeAt = 0;
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;

  constructor({ words, bytes }: NativeMemory) {
    this.words = words;
    this.bytes = bytes;
  }

  /** @param peer learns which of our addresses it wrote to, when it wrote first */
  read(at: number, byteLength: number, peer: Peer): void {
    this.segmentBytes = 0;
    this.ecn = 0;
    this.timeAt = 0;
    const { words } = this;
    const end = at + byteLength;
    let next = at;
    while (next + CMSGHDR_BYTES <= end) {
      const header = next >>> 2;
      const length = words[header]!;
      if (length < CMSGHDR_BYTES) return;
      this.readOne(
        words[header + (CMSG_LEVEL >> 2)]!,
        words[header + (CMSG_TYPE >> 2)]!,
        next + CMSGHDR_BYTES,
        peer,
      );
      next += (length + 7) & ~7;
    }
  }

  /** From the receipt of the message read last to the time, by the same clock, at `nowAt`, in whole µs; 0 when not known, or the clock was set. */
  waitedUs(nowAt: number): number {
    const { words, timeAt } = this;
    if (timeAt === 0) return 0;
    const seconds = (words[nowAt >>> 2]! - words[timeAt >>> 2]!) | 0;
    const nanoseconds = words[(nowAt + TV_NSEC) >>> 2]! - words[(timeAt + TV_NSEC) >>> 2]!;
    const us = seconds * 1_000_000 + Math.trunc(nanoseconds / 1_000);
    return Math.abs(us) <= MAX_WAITED_US ? us : 0;
  }

  private readOne(level: number, type: number, at: number, peer: Peer): void {
    if (level === SOL_UDP && type === UDP_GRO) this.segmentBytes = this.words[at >>> 2]!;
    else if ((level === SOL_IP && type === IP_TOS) || (level === SOL_IPV6 && type === IPV6_TCLASS)) {
      this.ecn = this.bytes[at]! & ECN_MASK;
    } else if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) this.timeAt = at;
    else if (peer.localAddress === undefined) return;
    else if (level === SOL_IPV6 && type === IPV6_PKTINFO) {
      for (let word = 0; word < 4; word++) peer.localAddress[word] = this.words[(at >>> 2) + word]!;
      peer.hasLocalAddress = true;
    } else if (level === SOL_IP && type === IP_PKTINFO) {
      peer.localAddress[0] = this.words[(at >>> 2) + IN_PKTINFO_LOCAL_WORD]!;
      peer.hasLocalAddress = true;
    }
  }
}

/**
 * Writes the control messages of one message to send.
 * @param segmentBytes 0: no segmentation
 * @returns their length in bytes
 */
export function writeAncillaryData(
  memory: NativeMemory,
  at: number,
  segmentBytes: number,
  peer: Peer,
  ipv6: boolean,
): number {
  let next = at;
  if (segmentBytes > 0) {
    const data = writeHeader(memory, next, SOL_UDP, UDP_SEGMENT, 2);
    memory.words[data >>> 2] = segmentBytes;
    next = data + 8;
  }
  if (peer.hasLocalAddress) next = writePacketInformation(memory, next, peer.localAddress!, ipv6);
  return next - at;
}

function writePacketInformation(memory: NativeMemory, at: number, local: Uint32Array, ipv6: boolean): number {
  const { words } = memory;
  if (ipv6) {
    const data = writeHeader(memory, at, SOL_IPV6, IPV6_PKTINFO, IN6_PKTINFO_BYTES);
    for (let word = 0; word < 4; word++) words[(data >>> 2) + word] = local[word]!;
    words[(data >>> 2) + 4] = 0;
    return data + 24;
  }
  const data = writeHeader(memory, at, SOL_IP, IP_PKTINFO, IN_PKTINFO_BYTES);
  words[data >>> 2] = 0;
  words[(data >>> 2) + IN_PKTINFO_LOCAL_WORD] = local[0]!;
  words[(data >>> 2) + 2] = 0;
  return data + 16;
}

/** @returns where the data go */
function writeHeader(
  memory: NativeMemory,
  at: number,
  level: number,
  type: number,
  dataBytes: number,
): number {
  memory.writeUint64(at, CMSGHDR_BYTES + dataBytes);
  memory.words[(at + CMSG_LEVEL) >>> 2] = level;
  memory.words[(at + CMSG_TYPE) >>> 2] = type;
  return at + CMSGHDR_BYTES;
}
