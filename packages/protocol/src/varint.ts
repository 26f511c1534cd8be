/** Variable-length integers of RFC 9000 §16, limited to values below 2^53 so that a plain number holds them. */
import { JetStreamError } from './errors.ts';

export const MAX_VARINT = Number.MAX_SAFE_INTEGER;
export const MAX_VARINT_BYTES = 8;

const TWO_32 = 2 ** 32;
/** Upper half of the largest value below 2^53. */
const MAX_HIGH_WORD = 0x1f_ffff;

/** Bytes that `writeVarint` needs for `value`: 1, 2, 4 or 8. */
export function encodedVarintLength(value: number): number {
  if (value <= 0x3f) return 1;
  if (value <= 0x3fff) return 2;
  return value <= 0x3fff_ffff ? 4 : 8;
}

/**
 * Writes `value` in its shortest form. The caller has made sure of the room.
 * @returns position after it
 * @throws JetStreamError `internal` when `value` is not an integer in 0…2^53-1
 */
export function writeVarint(buffer: Uint8Array, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new JetStreamError('internal', `${value} does not fit a varint`);
  }
  if (value <= 0x3f) {
    buffer[at] = value;
    return at + 1;
  }
  if (value <= 0x3fff) {
    buffer[at] = 0x40 | (value >>> 8);
    buffer[at + 1] = value;
    return at + 2;
  }
  if (value <= 0x3fff_ffff) return writeUint32(buffer, at, value | 0x8000_0000);
  writeUint32(buffer, at, 0xc000_0000 | (value / TWO_32));
  return writeUint32(buffer, at + 4, value);
}

/** Writes the low 32 bits of `value`, big-endian. @returns position after them */
export function writeUint32(buffer: Uint8Array, at: number, value: number): number {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
  return at + 4;
}

/** Reads a big-endian u32. The caller has made sure that it is there. */
export function readUint32(buffer: Uint8Array, at: number): number {
  return readInt32(buffer, at) >>> 0;
}

/** The same 32 bits as a signed number, which never needs memory of the heap: to be compared, or written back. */
export function readInt32(buffer: Uint8Array, at: number): number {
  return (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
}

/**
 * A cursor over bytes of a peer, used again and again without allocation.
 * Every method throws JetStreamError `protocol-violation` rather than pass `end`.
 */
export class FrameReader {
  buffer: Uint8Array = new Uint8Array(0);
  position = 0;
  end = 0;

  /** Places the cursor on `buffer[start, end)`. */
  reset(buffer: Uint8Array, start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= buffer.length)) {
      throw new JetStreamError('internal', `range ${start}…${end} lies outside ${buffer.length} bytes`);
    }
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  readByte(): number {
    return this.buffer[this.skip(1)]!;
  }

  /** @throws JetStreamError `protocol-violation` also for values of 2^53 and above */
  readVarint(): number {
    const { buffer, position } = this;
    if (position >= this.end) throw cutShort();
    const first = buffer[position]!;
    const length = 1 << (first >> 6);
    if (position + length > this.end) throw cutShort();
    this.position = position + length;
    if (length === 1) return first;
    if (length === 2) return ((first & 0x3f) << 8) | buffer[position + 1]!;
    const high = readUint32(buffer, position) & 0x3fff_ffff;
    if (length === 4) return high;
    if (high > MAX_HIGH_WORD) throw new JetStreamError('protocol-violation', 'an integer is 2^53 or above');
    return high * TWO_32 + readUint32(buffer, position + 4);
  }

  /** Passes over `length` bytes. @returns position of the first of them */
  skip(length: number): number {
    const start = this.position;
    if (length > this.end - start) throw cutShort();
    this.position = start + length;
    return start;
  }
}

function cutShort(): JetStreamError {
  return new JetStreamError('protocol-violation', 'a packet or message is cut short');
}
