import {
  AckFrame,
  decodeFrames,
  type ErrorCode,
  expandPacketNumber,
  type FrameVisitor,
  MAX_DATAGRAM_BYTES,
  PROTECTED_HEADER_BYTES,
  readUint32,
  writeAck,
  writeData,
  writeProtectedHeader,
  writeStream,
} from '@jetstream/protocol';
import type { TransportConnection } from '../connection/connection.ts';
import type { ConnectionEvent, PathAddress } from '../contract.ts';
import type { EstablishedKeys } from '../handshake-driver.ts';
import { type ConnectedPairOptions, connectionAndPeerKeys } from './connected-pair.ts';

/** A frame as the scripted peer saw it. */
export type SeenFrame =
  | { type: 'ping' | 'path-challenge' | 'path-response' }
  | { type: 'ack'; delayUs: number; arrivalUs: number; ranges: [smallest: number, largest: number][] }
  | { type: 'stream'; stream: number; offset: number; bytes: Uint8Array }
  | { type: 'stream-credit'; stream: number; maximumOffset: number }
  | { type: 'data'; transfer: number; address: number; bytes: Uint8Array }
  | { type: 'block-credit'; transfer: number; blocks: number; releasedBlocks: number }
  | { type: 'close'; code: ErrorCode; reason: string }
  | { type: 'ack-frequency'; sequence: number; packetThreshold: number; maxDelayUs: number };

export interface SeenPacket {
  number: number;
  datagramBytes: number;
  to: PathAddress;
  atUs: number;
  frames: SeenFrame[];
  /** Data of its PATH_CHALLENGE. */
  challenge?: Uint8Array;
}

type FrameWriter = (buffer: Uint8Array, at: number) => number;

/** A peer that sends exactly the frames it is told to, and keeps what the connection under test sends. */
export class ScriptedPeer {
  readonly connection: TransportConnection;
  readonly seen: SeenPacket[] = [];
  nowUs: number;
  address: PathAddress;
  nextNumber = 0;
  private readonly keys: EstablishedKeys;
  private readonly buffer = new Uint8Array(MAX_DATAGRAM_BYTES);

  constructor(role: 'client' | 'server', options: ConnectedPairOptions = {}) {
    const { connection, peerKeys, peerAddress } = connectionAndPeerKeys(role, options);
    this.connection = connection;
    this.keys = peerKeys;
    this.address = peerAddress;
    this.nowUs = options.nowUs ?? 0;
  }

  /** The datagram of a packet with these frames; it takes the next number unless told otherwise. */
  seal(writers: readonly FrameWriter[], number = this.nextNumber): Uint8Array {
    const { buffer, keys } = this;
    this.nextNumber = number + 1;
    let at = writeProtectedHeader(buffer, 0, 0, keys.peerConnectionId, number);
    for (const write of writers) at = write(buffer, at);
    return buffer.slice(0, keys.protection.seal(number, buffer, 0, PROTECTED_HEADER_BYTES, at));
  }

  /** Lets a packet with these frames arrive now. @returns what the connection sends upon it */
  send(...writers: FrameWriter[]): SeenPacket[] {
    this.connection.receive(this.nowUs, this.seal(writers), this.address);
    return this.take();
  }

  /** Acknowledges packets [smallest, largest], more ranges from high to low. */
  sendAck(...ranges: [smallest: number, largest: number][]): SeenPacket[] {
    return this.send(ackWriter(ranges));
  }

  /** Lets time pass and takes what is due on the way. */
  advance(byUs: number): SeenPacket[] {
    const endUs = this.nowUs + byUs;
    const packets = this.take();
    for (let steps = 0; ; steps++) {
      const wakeUs = Math.max(this.nowUs, this.connection.nextWakeUs());
      if (wakeUs > endUs) break;
      if (steps > 100_000) throw new Error(`time stands still at ${this.nowUs} µs`);
      this.nowUs = wakeUs;
      packets.push(...this.take());
    }
    this.nowUs = endUs;
    return packets;
  }

  /** What the connection has to send now. */
  take(): SeenPacket[] {
    const packets: SeenPacket[] = [];
    const out = new Uint8Array(MAX_DATAGRAM_BYTES);
    for (let i = 0; i < 100_000; i++) {
      const { bytes, address } = this.connection.transmit(this.nowUs, out);
      if (bytes === 0) {
        this.seen.push(...packets);
        return packets;
      }
      packets.push(this.open(out.slice(0, bytes), address));
    }
    throw new Error('transmit never ends');
  }

  events(): ConnectionEvent[] {
    const events: ConnectionEvent[] = [];
    for (let event = this.connection.pollEvent(); event !== undefined; event = this.connection.pollEvent()) {
      events.push(event);
    }
    return events;
  }

  /** Code of the `closed` event among those waiting, or undefined. */
  closeCode(): ErrorCode | undefined {
    return this.events().find((event) => event.type === 'closed')?.code;
  }

  private open(datagram: Uint8Array, to: PathAddress): SeenPacket {
    const { protection } = this.keys;
    const number = expandPacketNumber(readUint32(datagram, 9), protection.largestReceived + 1);
    const end = protection.open(this.nowUs, number, datagram, 0, PROTECTED_HEADER_BYTES, datagram.length);
    if (end < 0) throw new Error(`packet ${number} does not open`);
    const packet: SeenPacket = { number, datagramBytes: datagram.length, to, atUs: this.nowUs, frames: [] };
    decodeFrames(datagram, PROTECTED_HEADER_BYTES, end, recorder(packet));
    return packet;
  }
}

export function ackWriter(ranges: readonly [smallest: number, largest: number][], delayUs = 0): FrameWriter {
  return (buffer, at) => {
    const ack = new AckFrame();
    ack.delayUs = delayUs;
    for (const [smallest, largest] of ranges) ack.addRange(smallest, largest);
    return writeAck(buffer, at, buffer.length, ack);
  };
}

/** 100 bytes to send. */
export const SOME_BYTES: Uint8Array = new Uint8Array(100).fill(5);

export function stream(id: number, offset: number, bytes: Uint8Array = SOME_BYTES): FrameWriter {
  return (buffer, at) => writeStream(buffer, at, id, offset, bytes);
}

export function data(transfer: number, address: number, bytes: Uint8Array = SOME_BYTES): FrameWriter {
  return (buffer, at) => writeData(buffer, at, transfer, address, bytes);
}

/** Largest packet that the connection has acknowledged after `waitUs`, -1 for none. */
export function ackedLargest(peer: ScriptedPeer, waitUs = 50_000): number {
  peer.advance(waitUs);
  return framesOf(peer.seen, 'ack').at(-1)?.ranges[0]?.[1] ?? -1;
}

export function framesOf<Type extends SeenFrame['type']>(
  packets: readonly SeenPacket[],
  type: Type,
): Extract<SeenFrame, { type: Type }>[] {
  return packets.flatMap(({ frames }) => frames).filter((frame) => frame.type === type) as Extract<
    SeenFrame,
    { type: Type }
  >[];
}

function recorder(packet: SeenPacket): FrameVisitor {
  const { frames } = packet;
  return {
    onPing: () => frames.push({ type: 'ping' }),
    onAck: ({ delayUs, arrivalUs, rangeCount, smallest, largest }) =>
      frames.push({
        type: 'ack',
        delayUs,
        arrivalUs,
        ranges: Array.from({ length: rangeCount }, (_, i) => [smallest[i]!, largest[i]!]),
      }),
    onStream: (stream, offset, buffer, start, end) =>
      frames.push({ type: 'stream', stream, offset, bytes: buffer.slice(start, end) }),
    onStreamCredit: (stream, maximumOffset) => frames.push({ type: 'stream-credit', stream, maximumOffset }),
    onData: (transfer, address, buffer, start, end) =>
      frames.push({ type: 'data', transfer, address, bytes: buffer.slice(start, end) }),
    onBlockCredit: (transfer, blocks, releasedBlocks) =>
      frames.push({ type: 'block-credit', transfer, blocks, releasedBlocks }),
    onPathChallenge: (buffer, start) => {
      packet.challenge = buffer.slice(start, start + 8);
      frames.push({ type: 'path-challenge' });
    },
    onPathResponse: () => frames.push({ type: 'path-response' }),
    onClose: (code, reason) => frames.push({ type: 'close', code, reason }),
    onAckFrequency: (sequence, packetThreshold, maxDelayUs) =>
      frames.push({ type: 'ack-frequency', sequence, packetThreshold, maxDelayUs }),
  };
}
