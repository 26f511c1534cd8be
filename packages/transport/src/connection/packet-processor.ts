import {
  type AckFrame,
  decodeFrames,
  type ErrorCode,
  expandPacketNumber,
  FLOAT_ZERO,
  type FrameVisitor,
  PROTECTED_HEADER_BYTES,
  truncatedPacketNumber,
} from '@jetstream/protocol';
import type { PathAddress } from '../contract.ts';
import type { ReceiptTime } from './bulk/bulk-receiver.ts';
import type { SessionParts } from './session-parts.ts';
import type { TransferState } from './transfer-state.ts';

/** What the session does when a packet says so. */
export interface SessionControl {
  onPeerClose(nowUs: number, code: ErrorCode, reason: string): void;
  /** The peer's path is another now. */
  onPathChanged(nowUs: number, left: PathAddress): void;
  /** Something was acknowledged: there may be room for more. */
  onProgress(): void;
}

/**
 * Opens packets and takes their frames to whom they concern. A packet can be left unacknowledged after some of its frames were
 * taken (no memory, too many transfers): all frames may come twice without harm, so the peer just sends them again.
 */
export class PacketProcessor implements FrameVisitor, ReceiptTime {
  private readonly parts: SessionParts;
  private readonly session: SessionControl;
  /** Of the packet under way. */
  nowUs = FLOAT_ZERO;
  private from: PathAddress;
  /** The packet under way must not be acknowledged. */
  private refused = false;

  constructor(parts: SessionParts, session: SessionControl) {
    this.parts = parts;
    this.session = session;
    this.from = parts.validation.active;
  }

  /**
   * Opens the datagram `bytes[start, end)` and removes its protection in place.
   * @returns its packet number, with `plaintextEnd` set; -1: to be dropped (PK-2, PK-3)
   */
  open(nowUs: number, bytes: Uint8Array, start: number, end: number): number {
    const { protection } = this.parts.keys;
    const number = expandPacketNumber(truncatedPacketNumber(bytes, start), protection.largestReceived + 1);
    const framesAt = start + PROTECTED_HEADER_BYTES;
    this.plaintextEnd = protection.open(nowUs, number, bytes, start, framesAt, end);
    return this.plaintextEnd < 0 ? -1 : number;
  }

  /** Where the frames of the packet opened last end. */
  plaintextEnd = 0;

  /**
   * Takes the frames of the packet opened last, which began at `bytes[start]`.
   * @throws JetStreamError `protocol-violation` and others for which the connection is to be closed
   */
  process(
    nowUs: number,
    packetNumber: number,
    bytes: Uint8Array,
    start: number,
    from: PathAddress,
    ecn: number,
    waitedUs: number,
  ): void {
    this.nowUs = nowUs;
    this.from = from;
    this.refused = false;
    const ackEliciting = decodeFrames(bytes, start + PROTECTED_HEADER_BYTES, this.plaintextEnd, this);
    if (!this.refused) this.parts.received.onPacket(nowUs, packetNumber, ackEliciting, ecn, waitedUs);
  }

  get smoothedRttUs(): number {
    return this.parts.recovery.rtt.smoothedUs;
  }

  onAck(ack: AckFrame): void {
    const { recovery, keys } = this.parts;
    recovery.onAck(this.nowUs, ack);
    keys.protection.onPacketAcked(ack.largest[0]!);
    keys.protection.probeTimeoutUs = recovery.probeTimeoutUs;
    this.session.onProgress();
  }

  onStream(stream: number, offset: number, buffer: Uint8Array, start: number, end: number): void {
    const transfer = this.openTransfer(stream);
    if (transfer === undefined) return;
    const { receiveStream } = transfer;
    const { events } = this.parts;
    let bytes = receiveStream.receive(offset, buffer, start, end);
    while (bytes !== undefined) {
      if (bytes.length > 0) events.push({ type: 'stream-data', stream, bytes });
      bytes = receiveStream.takeEarly();
    }
  }

  onStreamCredit(stream: number, maximumOffset: number): void {
    this.openTransfer(stream)?.sendStream.raiseCredit(maximumOffset);
    this.parts.work.streams = true;
  }

  onData(transfer: number, address: number, buffer: Uint8Array, start: number, end: number): void {
    const state = this.openTransfer(transfer);
    if (state === undefined) return;
    const { settings, events, transfers, work } = this.parts;
    if (!transfers.mayReceive(state)) {
      this.refused = true;
      return;
    }
    const receiver = state.ensureBulkReceiver(settings);
    const { credit } = receiver;
    const { begunBlocks } = credit;
    const receipt = receiver.receive(this, address, buffer, start, end);
    // What was begun may have shown that the window is too small.
    if (credit.begunBlocks > begunBlocks && credit.isDue) work.credits = true;
    if (receipt === 'no-memory') this.refused = true;
    if (receipt !== 'block-complete') return;
    const block = receiver.completedBlock;
    events.push({ type: 'block-received', transfer, block, bytes: receiver.bytesOf(block) });
  }

  onBlockCredit(transfer: number, blocks: number, releasedBlocks: number): void {
    this.openTransfer(transfer)?.raiseBlockCredit(blocks, releasedBlocks);
    this.parts.work.bulk = true;
  }

  onPathChallenge(buffer: Uint8Array, start: number): void {
    this.parts.responder.onChallenge(buffer, start);
  }

  onPathResponse(buffer: Uint8Array, start: number): void {
    const left = this.parts.validation.onResponse(this.from, buffer, start);
    if (left !== undefined) this.session.onPathChanged(this.nowUs, left);
  }

  onClose(code: ErrorCode, reason: string): void {
    this.session.onPeerClose(this.nowUs, code, reason);
  }

  onAckFrequency(sequence: number, packetThreshold: number, maxDelayUs: number): void {
    this.parts.received.onAckFrequency(sequence, packetThreshold, maxDelayUs);
  }

  onPing(): void {
    // It only asks for an acknowledgement.
  }

  private openTransfer(id: number): TransferState | undefined {
    const transfer = this.parts.transfers.openByPeer(id);
    if (transfer === 'refused') this.refused = true;
    return typeof transfer === 'string' ? undefined : transfer;
  }
}
