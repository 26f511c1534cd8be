/**
 * What sender and receiver of a simulated transfer tell each other on its stream. All messages of a transfer have one
 * length; what follows the fields is filled by a rule, so that a lost, doubled or misplaced stream byte shows.
 */
export type TransferMessage =
  /** Sender: this block will come, with so many bytes. */
  | { type: 'block'; block: number; byteLength: number }
  /** Receiver: the block was bad, send it once more. */
  | { type: 'again'; block: number }
  /** Receiver: everything is here. */
  | { type: 'complete' };

const TYPES = ['block', 'again', 'complete'] as const;
const FIELD_BYTES = 16;

/** @param sequence number of the message on its stream and direction, from 0 */
export function encodeMessage(message: TransferMessage, sequence: number, messageBytes: number): Uint8Array {
  const bytes = new Uint8Array(messageBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sequence);
  view.setUint32(4, TYPES.indexOf(message.type));
  view.setUint32(8, message.type === 'complete' ? 0 : message.block);
  view.setUint32(12, message.type === 'block' ? message.byteLength : 0);
  for (let i = FIELD_BYTES; i < messageBytes; i++) bytes[i] = filler(sequence, i);
  return bytes;
}

/** Puts the pieces of a stream together into messages, and checks every byte. */
export class MessageReader {
  readonly #buffer: Uint8Array;
  #filled = 0;
  #sequence = 0;

  constructor(messageBytes: number) {
    if (messageBytes < FIELD_BYTES) throw new RangeError(`a message has at least ${FIELD_BYTES} bytes`);
    this.#buffer = new Uint8Array(messageBytes);
  }

  /** @throws Error when the stream's bytes are not those that the peer wrote */
  read(bytes: Uint8Array, onMessage: (message: TransferMessage) => void): void {
    for (let start = 0; start < bytes.length; ) {
      const taken = Math.min(bytes.length - start, this.#buffer.length - this.#filled);
      this.#buffer.set(bytes.subarray(start, start + taken), this.#filled);
      this.#filled += taken;
      start += taken;
      if (this.#filled < this.#buffer.length) return;
      this.#filled = 0;
      onMessage(this.#decode());
    }
  }

  #decode(): TransferMessage {
    const bytes = this.#buffer;
    const view = new DataView(bytes.buffer);
    const sequence = this.#sequence++;
    let good = view.getUint32(0) === sequence;
    for (let i = FIELD_BYTES; i < bytes.length; i++) good = good && bytes[i] === filler(sequence, i);
    const type = TYPES[view.getUint32(4)];
    if (!good || type === undefined) throw new Error(`stream content is wrong in message ${sequence}`);
    const block = view.getUint32(8);
    if (type === 'block') return { type, block, byteLength: view.getUint32(12) };
    return type === 'again' ? { type, block } : { type };
  }
}

function filler(sequence: number, index: number): number {
  return ((Math.imul(sequence + 1, 0x9e3779b1) >>> ((index & 3) * 8)) & 0xff) ^ (index & 0xff);
}
