import { BLOCK_BYTES } from '../constants.ts';
import { type ErrorCode, JetStreamError } from '../errors.ts';
import { FrameReader, MAX_VARINT } from '../varint.ts';
import { AckFrame, readAck } from './ack.ts';
import { readAckFrequency } from './ack-frequency.ts';
import { readClose } from './close.ts';
import { offsetInBlock } from './data.ts';
import { FrameType } from './frame-type.ts';
import { PATH_DATA_BYTES } from './path-validation.ts';

/**
 * Takes the frames of a packet in order. Payloads are `buffer[start, end)` of the buffer given to `decodeFrames`;
 * neither they nor `ack` outlive the call. A visitor must not call `decodeFrames` itself.
 */
export interface FrameVisitor {
  onPing(): void;
  /** `ack` is used again for the next ACK. Whether those packets were ever sent is the visitor's to check (FR-2). */
  onAck(ack: AckFrame): void;
  onStream(stream: number, offset: number, buffer: Uint8Array, start: number, end: number): void;
  onStreamCredit(stream: number, maximumOffset: number): void;
  /** All bytes lie in one block (FR-3). */
  onData(transfer: number, address: number, buffer: Uint8Array, start: number, end: number): void;
  /** `releasedBlocks` ≤ `blocks`. */
  onBlockCredit(transfer: number, blocks: number, releasedBlocks: number): void;
  /** The 8 bytes at `buffer[start]`. */
  onPathChallenge(buffer: Uint8Array, start: number): void;
  onPathResponse(buffer: Uint8Array, start: number): void;
  onClose(code: ErrorCode, reason: string): void;
  onAckFrequency(sequence: number, packetThreshold: number, maxDelayUs: number): void;
}

// One cursor and one ACK serve every packet: decoding is synchronous.
const reader = new FrameReader();
const ack = new AckFrame();

/**
 * Decodes the frames in `buffer[start, end)`, the plaintext of one packet.
 * @returns whether the packet asks for an acknowledgement (FR-4)
 * @throws JetStreamError `protocol-violation` (FR-1 to FR-3); frames before the bad one have been visited. What the
 * visitor throws passes through.
 */
export function decodeFrames(buffer: Uint8Array, start: number, end: number, visitor: FrameVisitor): boolean {
  reader.reset(buffer, start, end);
  let ackEliciting = false;
  while (reader.position < reader.end) {
    const type = reader.readByte();
    switch (type) {
      case FrameType.Padding:
        break;
      case FrameType.Ack:
      case FrameType.AckEcn:
        readAck(reader, type === FrameType.AckEcn, ack);
        visitor.onAck(ack);
        break;
      case FrameType.Close: {
        const { code, reason } = readClose(reader);
        visitor.onClose(code, reason);
        break;
      }
      default:
        decodeElicitingFrame(type, visitor);
        ackEliciting = true;
    }
  }
  return ackEliciting;
}

function decodeElicitingFrame(type: number, visitor: FrameVisitor): void {
  switch (type) {
    case FrameType.Data:
      decodeData(visitor);
      break;
    case FrameType.Stream:
      decodeStream(visitor);
      break;
    case FrameType.Ping:
      visitor.onPing();
      break;
    case FrameType.StreamCredit:
      visitor.onStreamCredit(reader.readVarint(), reader.readVarint());
      break;
    case FrameType.BlockCredit:
      decodeBlockCredit(visitor);
      break;
    case FrameType.PathChallenge:
      visitor.onPathChallenge(reader.buffer, reader.skip(PATH_DATA_BYTES));
      break;
    case FrameType.PathResponse:
      visitor.onPathResponse(reader.buffer, reader.skip(PATH_DATA_BYTES));
      break;
    case FrameType.AckFrequency:
      readAckFrequency(reader, visitor);
      break;
    default:
      throw new JetStreamError('protocol-violation', `frame type 0x${type.toString(16)} is not known`);
  }
}

function decodeData(visitor: FrameVisitor): void {
  const transfer = readTransfer();
  const address = reader.readVarint();
  const length = reader.readVarint();
  if (offsetInBlock(address) + length > BLOCK_BYTES) {
    throw new JetStreamError('protocol-violation', 'DATA reaches over the end of its block');
  }
  const start = reader.skip(length);
  visitor.onData(transfer, address, reader.buffer, start, start + length);
}

function decodeBlockCredit(visitor: FrameVisitor): void {
  const transfer = readTransfer();
  const blocks = reader.readVarint();
  const releasedBlocks = reader.readVarint();
  if (releasedBlocks > blocks) {
    throw new JetStreamError('protocol-violation', 'BLOCK_CREDIT of fewer blocks than were released');
  }
  visitor.onBlockCredit(transfer, blocks, releasedBlocks);
}

function decodeStream(visitor: FrameVisitor): void {
  const stream = reader.readVarint();
  const offset = reader.readVarint();
  const length = reader.readVarint();
  if (offset > MAX_VARINT - length) {
    throw new JetStreamError('protocol-violation', 'STREAM reaches offset 2^53');
  }
  const start = reader.skip(length);
  visitor.onStream(stream, offset, reader.buffer, start, start + length);
}

/** Transfers count from 1; stream 0 is the connection's own. */
function readTransfer(): number {
  const transfer = reader.readVarint();
  if (transfer === 0) throw new JetStreamError('protocol-violation', 'there is no transfer 0');
  return transfer;
}
