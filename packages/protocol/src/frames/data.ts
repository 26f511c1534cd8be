/** DATA and BLOCK_CREDIT, PROTOCOL.md §2 and §2.2. */
import { BLOCK_BYTES } from '../constants.ts';
import { encodedVarintLength, writeVarint } from '../varint.ts';
import { FrameType } from './frame-type.ts';
import { payloadCapacity } from './payload-capacity.ts';

/** Bytes of a DATA frame besides its payload of `length` bytes. */
export function dataFrameOverhead(transfer: number, address: number, length: number): number {
  return 1 + encodedVarintLength(transfer) + encodedVarintLength(address) + encodedVarintLength(length);
}

/** Largest payload of a DATA frame that fits into `room` bytes and into the block (FR-3); not positive when none does. */
export function dataFrameCapacity(transfer: number, address: number, room: number): number {
  const fits = payloadCapacity(room - 1 - encodedVarintLength(transfer) - encodedVarintLength(address));
  return Math.min(fits, BLOCK_BYTES - offsetInBlock(address));
}

/** Writes all but the payload. @returns where the payload of `length` bytes belongs */
export function writeDataHeader(
  buffer: Uint8Array,
  at: number,
  transfer: number,
  address: number,
  length: number,
): number {
  buffer[at] = FrameType.Data;
  let position = writeVarint(buffer, at + 1, transfer);
  position = writeVarint(buffer, position, address);
  return writeVarint(buffer, position, length);
}

export function writeData(
  buffer: Uint8Array,
  at: number,
  transfer: number,
  address: number,
  payload: Uint8Array,
): number {
  const position = writeDataHeader(buffer, at, transfer, address, payload.length);
  buffer.set(payload, position);
  return position + payload.length;
}

export function blockCreditFrameBytes(transfer: number, blocks: number, releasedBlocks: number): number {
  return (
    1 + encodedVarintLength(transfer) + encodedVarintLength(blocks) + encodedVarintLength(releasedBlocks)
  );
}

/**
 * @param blocks blocks that the peer may begin over the transfer's life
 * @param releasedBlocks blocks of these that are complete and dealt with; at most `blocks`
 */
export function writeBlockCredit(
  buffer: Uint8Array,
  at: number,
  transfer: number,
  blocks: number,
  releasedBlocks: number,
): number {
  buffer[at] = FrameType.BlockCredit;
  const position = writeVarint(buffer, writeVarint(buffer, at + 1, transfer), blocks);
  return writeVarint(buffer, position, releasedBlocks);
}

/** `address mod 2^20`; the bit operation is exact for all addresses below 2^53. */
export function offsetInBlock(address: number): number {
  return address & (BLOCK_BYTES - 1);
}
