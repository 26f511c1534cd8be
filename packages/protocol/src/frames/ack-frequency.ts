/** ACK_FREQUENCY, after draft-ietf-quic-ack-frequency. */
import { JetStreamError } from '../errors.ts';
import { encodedVarintLength, type FrameReader, writeVarint } from '../varint.ts';
import { FrameType } from './frame-type.ts';

/** Longest delay that a sender may ask for, about 17 s (RFC 9000 §18.2 has the same bound for max_ack_delay). */
export const MAX_ACK_DELAY_US: number = 2 ** 24 - 1;

export function ackFrequencyFrameBytes(
  sequence: number,
  packetThreshold: number,
  maxDelayUs: number,
): number {
  return (
    1 + encodedVarintLength(sequence) + encodedVarintLength(packetThreshold) + encodedVarintLength(maxDelayUs)
  );
}

/**
 * @param sequence larger in each new frame; a receiver ignores a frame that is not newer
 * @param packetThreshold ack-eliciting packets after which an ACK is due, 1 or more
 * @param maxDelayUs integer, at most MAX_ACK_DELAY_US
 */
export function writeAckFrequency(
  buffer: Uint8Array,
  at: number,
  sequence: number,
  packetThreshold: number,
  maxDelayUs: number,
): number {
  buffer[at] = FrameType.AckFrequency;
  let position = writeVarint(buffer, at + 1, sequence);
  position = writeVarint(buffer, position, packetThreshold);
  return writeVarint(buffer, position, maxDelayUs);
}

/** Reads what follows the type byte and hands it to `take`. */
export function readAckFrequency(
  reader: FrameReader,
  take: { onAckFrequency(sequence: number, packetThreshold: number, maxDelayUs: number): void },
): void {
  const sequence = reader.readVarint();
  const packetThreshold = reader.readVarint();
  const maxDelayUs = reader.readVarint();
  if (packetThreshold === 0 || maxDelayUs > MAX_ACK_DELAY_US) {
    throw new JetStreamError('protocol-violation', 'ACK_FREQUENCY asks for what cannot be done');
  }
  take.onAckFrequency(sequence, packetThreshold, maxDelayUs);
}
