/** The arrival runs of an ACK, PROTOCOL.md §2. */
import { JetStreamError } from '../errors.ts';
import { encodedVarintLength, type FrameReader, writeVarint } from '../varint.ts';

/** Arrival times count modulo this, about 18 minutes: four bytes on the wire. */
export const ARRIVAL_MODULUS_US: number = 2 ** 30;
export const MAX_ARRIVAL_RUNS = 32;

/** How packets came: run after run, each of some that came together, from the last one back in time. */
export class ArrivalRuns {
  /** 0: not told. */
  count = 0;
  /** Packets of each run, at least 1; those that ask for no acknowledgement are not counted. */
  readonly packets: Int32Array = new Int32Array(MAX_ARRIVAL_RUNS);
  /** From the end of a run to the end of the one after it in time, which stands before it here, in µs below `ARRIVAL_MODULUS_US`; 0 for the first. */
  readonly gapsUs: Int32Array = new Int32Array(MAX_ARRIVAL_RUNS);

  /** Adds a run that came before those already there, of which there are fewer than `MAX_ARRIVAL_RUNS`. */
  add(gapUs: number, packets: number): void {
    this.packets[this.count] = packets;
    this.gapsUs[this.count] = gapUs;
    this.count += 1;
  }
}

/** @returns position after the runs; they are left out when `end` is too near */
export function writeArrivalRuns(buffer: Uint8Array, at: number, runs: ArrivalRuns, end: number): number {
  const count = encodedLength(runs) <= end - at ? runs.count : 0;
  let position = writeVarint(buffer, at, count);
  for (let run = 0; run < count; run++) {
    if (run > 0) position = writeVarint(buffer, position, runs.gapsUs[run]!);
    position = writeVarint(buffer, position, runs.packets[run]!);
  }
  return position;
}

/** @throws JetStreamError `protocol-violation` for over 32 runs, an empty one, or one that is longer than a packet number or a clock allows (FR-1) */
export function readArrivalRuns(reader: FrameReader, runs: ArrivalRuns): void {
  const count = reader.readVarint();
  if (count > MAX_ARRIVAL_RUNS) throw violation(`an ACK has more than ${MAX_ARRIVAL_RUNS} arrival runs`);
  for (let run = 0; run < count; run++) {
    const gapUs = run === 0 ? 0 : reader.readVarint();
    const packets = reader.readVarint();
    if (gapUs >= ARRIVAL_MODULUS_US || packets === 0 || packets >= ARRIVAL_MODULUS_US)
      throw violation('an arrival run of an ACK is out of range');
    runs.add(gapUs, packets);
  }
}

function encodedLength({ count, packets, gapsUs }: ArrivalRuns): number {
  let length = 1;
  for (let run = 0; run < count; run++) {
    length += encodedVarintLength(packets[run]!);
    if (run > 0) length += encodedVarintLength(gapsUs[run]!);
  }
  return length;
}

function violation(message: string): JetStreamError {
  return new JetStreamError('protocol-violation', message);
}
