import { BinaryReader } from '@bufbuild/protobuf/wire';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Longest varint below 2^53. */
const MAX_EXACT_VARINT_BYTES = 7;

/** Refuses what is not UTF-8, and copies byte fields so that no value keeps a whole message alive or changes with it. */
export class StrictReader extends BinaryReader {
  readonly #bytes: Uint8Array;
  readonly #number = new NumberAsText();

  constructor(bytes: Uint8Array) {
    super(bytes, (text) => utf8.decode(text));
    this.#bytes = bytes;
  }

  override uint64(): bigint | string {
    const value = this.#shortVarint();
    return value === undefined ? super.uint64() : this.#number.of(value);
  }

  override sint64(): bigint | string {
    const value = this.#shortVarint();
    if (value === undefined) return super.sint64();
    return this.#number.of(value % 2 === 0 ? value / 2 : -(value + 1) / 2);
  }

  override bytes(): Uint8Array<ArrayBuffer> {
    return super.bytes().slice();
  }

  /** Undefined, and nothing read: it is longer, or cut short. */
  #shortVarint(): number | undefined {
    const end = Math.min(this.pos + MAX_EXACT_VARINT_BYTES, this.len);
    let value = 0;
    let unit = 1;
    for (let at = this.pos; at < end; at++) {
      const byte = this.#bytes[at]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        this.pos = at + 1;
        return value;
      }
      unit *= 0x80;
    }
    return undefined;
  }
}

/**
 * The generated code makes a number of a 64-bit field by its text, which takes as long as all the rest of an entry: this is one
 * whose text is the number itself. Valid until the next.
 */
class NumberAsText {
  #value = 0;

  of(value: number): string {
    this.#value = value;
    return this as unknown as string;
  }

  toString(): string {
    return this.#value as unknown as string;
  }
}
