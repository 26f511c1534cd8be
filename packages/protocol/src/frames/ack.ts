/** ACK and ACK_ECN, PROTOCOL.md §2; the layout of ranges is that of RFC 9000 §19.3. */
import { MAX_ACK_RANGES } from '../constants.ts';
import { JetStreamError } from '../errors.ts';
import { encodedVarintLength, type FrameReader, writeVarint } from '../varint.ts';
import { ARRIVAL_MODULUS_US, ArrivalRuns, readArrivalRuns, writeArrivalRuns } from './arrival-runs.ts';
import { FrameType } from './frame-type.ts';

/** Content of an ACK; one object is filled again and again. */
export class AckFrame {
  /** Time from the receipt of the largest packet to the sending of this ACK. */
  delayUs = 0;
  /** When the largest packet was received, by the receiver's clock, in whole µs below `ARRIVAL_MODULUS_US`. */
  arrivalUs = 0;
  rangeCount = 0;
  /** Ranges (both ends included) from the highest to the lowest; `largest[0]` is the largest packet acknowledged. */
  readonly smallest: Float64Array = new Float64Array(MAX_ACK_RANGES);
  readonly largest: Float64Array = new Float64Array(MAX_ACK_RANGES);
  /** When the packets came that no ACK before told of; often empty. */
  readonly arrivals: ArrivalRuns = new ArrivalRuns();
  /** True for ACK_ECN: the three counts of packets received with a mark are meant. */
  hasEcn = false;
  ect0Count = 0;
  ect1Count = 0;
  ceCount = 0;

  clear(): void {
    this.delayUs = 0;
    this.arrivalUs = 0;
    this.rangeCount = 0;
    this.arrivals.count = 0;
    this.hasEcn = false;
    this.ect0Count = 0;
    this.ect1Count = 0;
    this.ceCount = 0;
  }

  /** Adds a range below those already there. @returns false when 64 are there: the range was not taken */
  addRange(smallest: number, largest: number): boolean {
    if (this.rangeCount === MAX_ACK_RANGES) return false;
    this.smallest[this.rangeCount] = smallest;
    this.largest[this.rangeCount] = largest;
    this.rangeCount += 1;
    return true;
  }
}

/**
 * Writes as many ranges, from the highest down, as fit into `buffer[at, end)`, and the arrival runs if they fit too.
 * @returns position after the frame; `at` when there is no range or not even the first one fits
 */
export function writeAck(buffer: Uint8Array, at: number, end: number, ack: AckFrame): number {
  const extraRanges = countExtraRangesThatFit(end - at, ack);
  if (extraRanges < 0) return at;
  buffer[at] = ack.hasEcn ? FrameType.AckEcn : FrameType.Ack;
  let position = writeVarint(buffer, at + 1, ack.largest[0]!);
  position = writeVarint(buffer, position, Math.trunc(ack.delayUs));
  position = writeVarint(buffer, position, ack.arrivalUs);
  position = writeVarint(buffer, position, extraRanges);
  position = writeVarint(buffer, position, ack.largest[0]! - ack.smallest[0]!);
  for (let i = 1; i <= extraRanges; i++) {
    position = writeVarint(buffer, position, gapBefore(ack, i));
    position = writeVarint(buffer, position, ack.largest[i]! - ack.smallest[i]!);
  }
  position = writeArrivalRuns(buffer, position, ack.arrivals, end - ecnLength(ack));
  if (!ack.hasEcn) return position;
  position = writeVarint(buffer, position, ack.ect0Count);
  position = writeVarint(buffer, position, ack.ect1Count);
  return writeVarint(buffer, position, ack.ceCount);
}

/**
 * Reads what follows the type byte into `ack`.
 * @throws JetStreamError `protocol-violation` for arrival times or runs out of range, over 64 ranges, or ranges that reach below
 * packet 0 (FR-1, FR-2; the layout itself cannot express overlapping or inverted ones)
 */
export function readAck(reader: FrameReader, hasEcn: boolean, ack: AckFrame): void {
  ack.clear();
  let largest = reader.readVarint();
  ack.delayUs = reader.readVarint();
  ack.arrivalUs = reader.readVarint();
  if (ack.arrivalUs >= ARRIVAL_MODULUS_US)
    throw new JetStreamError('protocol-violation', 'the arrival time of an ACK is out of range');
  const extraRanges = reader.readVarint();
  if (extraRanges >= MAX_ACK_RANGES) {
    throw new JetStreamError('protocol-violation', `an ACK has more than ${MAX_ACK_RANGES} ranges`);
  }
  let smallest = largest - reader.readVarint();
  if (smallest < 0) throw belowZero();
  ack.addRange(smallest, largest);
  for (let i = 0; i < extraRanges; i++) {
    largest = smallest - reader.readVarint() - 2;
    smallest = largest - reader.readVarint();
    if (smallest < 0) throw belowZero();
    ack.addRange(smallest, largest);
  }
  readArrivalRuns(reader, ack.arrivals);
  ack.hasEcn = hasEcn;
  if (!hasEcn) return;
  ack.ect0Count = reader.readVarint();
  ack.ect1Count = reader.readVarint();
  ack.ceCount = reader.readVarint();
}

/** Ranges come first; what room is left goes to arrival runs, of which none take a byte. */
const NO_RUNS_BYTES = 1;

/** -1: not even the first range fits. */
function countExtraRangesThatFit(room: number, ack: AckFrame): number {
  if (ack.rangeCount === 0) return -1;
  // The count of extra ranges is at most 63: one byte.
  let left =
    room -
    2 -
    encodedVarintLength(ack.largest[0]!) -
    encodedVarintLength(Math.trunc(ack.delayUs)) -
    encodedVarintLength(ack.arrivalUs) -
    encodedVarintLength(ack.largest[0]! - ack.smallest[0]!) -
    NO_RUNS_BYTES -
    ecnLength(ack);
  if (left < 0) return -1;
  for (let i = 1; i < ack.rangeCount; i++) {
    left -= encodedVarintLength(gapBefore(ack, i)) + encodedVarintLength(ack.largest[i]! - ack.smallest[i]!);
    if (left < 0) return i - 1;
  }
  return ack.rangeCount - 1;
}

function ecnLength({ hasEcn, ect0Count, ect1Count, ceCount }: AckFrame): number {
  if (!hasEcn) return 0;
  return encodedVarintLength(ect0Count) + encodedVarintLength(ect1Count) + encodedVarintLength(ceCount);
}

/** Packets between range `i` and the one above it, minus one: what RFC 9000 §19.3.1 calls Gap. */
function gapBefore(ack: AckFrame, i: number): number {
  return ack.smallest[i - 1]! - ack.largest[i]! - 2;
}

function belowZero(): JetStreamError {
  return new JetStreamError('protocol-violation', 'an ACK range reaches below packet 0');
}
