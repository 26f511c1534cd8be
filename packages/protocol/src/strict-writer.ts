import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { JetStreamError } from './errors.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;
const MAX_UINT32 = 2 ** 32 - 1;

/** Writes nothing that a strict reader would refuse. */
export class StrictWriter extends BinaryWriter {
  /** Without a BigInt where there is room for it in 32 bits: the varint is the same. */
  override uint64(value: string | number | bigint): this {
    return isUint32(value) ? this.uint32(value) : super.uint64(value);
  }

  override sint64(value: string | number | bigint): this {
    const zigzag = Number.isInteger(value) && zigzagOf(value as number);
    return isUint32(zigzag) ? this.uint32(zigzag) : super.sint64(value);
  }

  override string(value: string): this {
    if (LONE_SURROGATE.test(value)) {
      throw new JetStreamError('name-invalid', 'a text with half a surrogate pair cannot be sent as UTF-8');
    }
    return super.string(value);
  }
}

/** As sint64 is written: of small values of both signs small ones. */
function zigzagOf(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_UINT32;
}
