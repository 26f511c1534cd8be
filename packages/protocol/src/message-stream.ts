/** Messages on a stream, PROTOCOL.md §2.1: varint length, then the message. */
import { MAX_MESSAGE_BYTES } from './constants.ts';
import { JetStreamError } from './errors.ts';
import { encodedVarintLength, FrameReader, MAX_VARINT_BYTES, writeVarint } from './varint.ts';

/** Room that a message gets before its bytes are there: what a peer announces is not what we allocate. */
const FIRST_ALLOCATION_BYTES = 1024;

/**
 * Puts the length before a message, ready for a stream.
 * @throws JetStreamError `internal` when it is empty or over 256 KiB
 */
export function frameMessage(message: Uint8Array): Uint8Array {
  if (message.length === 0 || message.length > MAX_MESSAGE_BYTES) {
    throw new JetStreamError('internal', `a message of ${message.length} bytes cannot be sent`);
  }
  const prefix = encodedVarintLength(message.length);
  const framed = new Uint8Array(prefix + message.length);
  framed.set(message, writeVarint(framed, 0, message.length));
  return framed;
}

/** Cuts the bytes of one stream into messages. Holds at most one message that is not complete yet. */
export class MessageReader {
  /** Length prefix as far as it is there. */
  readonly #prefix = new Uint8Array(MAX_VARINT_BYTES);
  #prefixLength = 0;
  /** Length of the message that is being assembled; 0 while its prefix is being read. */
  #expected = 0;
  #message = new Uint8Array(0);
  #filled = 0;

  /**
   * Takes the next bytes of the stream.
   * @returns the messages that they complete, oldest first; views into `bytes` where a message lies wholly in it
   * @throws JetStreamError `protocol-violation` for a message that is empty or over 256 KiB (ST-1); the stream cannot be
   * read on after that
   */
  push(bytes: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#expected === 0) {
        at = this.#takePrefix(bytes, at);
      } else if (this.#filled === 0 && bytes.length - at >= this.#expected) {
        messages.push(bytes.subarray(at, at + this.#expected));
        at += this.#expected;
        this.#expected = 0;
      } else {
        at = this.#takePart(bytes, at, messages);
      }
    }
    return messages;
  }

  #takePrefix(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && this.#prefixLength < this.#prefixBytes()) {
      this.#prefix[this.#prefixLength++] = bytes[at++]!;
    }
    if (this.#prefixLength < this.#prefixBytes()) return at;
    const reader = new FrameReader();
    reader.reset(this.#prefix, 0, this.#prefixLength);
    const length = reader.readVarint();
    if (length === 0 || length > MAX_MESSAGE_BYTES) {
      throw new JetStreamError('protocol-violation', `a message of ${length} bytes was announced`);
    }
    this.#prefixLength = 0;
    this.#expected = length;
    this.#filled = 0;
    return at;
  }

  /** Bytes that the prefix has, by its first byte. */
  #prefixBytes(): number {
    return this.#prefixLength === 0 ? 1 : 1 << (this.#prefix[0]! >> 6);
  }

  #takePart(bytes: Uint8Array, at: number, messages: Uint8Array[]): number {
    const length = Math.min(bytes.length - at, this.#expected - this.#filled);
    this.#reserve(this.#filled + length);
    this.#message.set(bytes.subarray(at, at + length), this.#filled);
    this.#filled += length;
    if (this.#filled === this.#expected) {
      messages.push(this.#message.subarray(0, this.#expected));
      this.#message = new Uint8Array(0);
      this.#filled = 0;
      this.#expected = 0;
    }
    return at + length;
  }

  /** Makes room for `needed` bytes; doubles, so that assembling is linear, but never beyond the message's length. */
  #reserve(needed: number): void {
    if (needed <= this.#message.length) return;
    const room = Math.max(needed, 2 * this.#message.length, FIRST_ALLOCATION_BYTES);
    const grown = new Uint8Array(Math.min(room, this.#expected));
    grown.set(this.#message.subarray(0, this.#filled));
    this.#message = grown;
  }
}
