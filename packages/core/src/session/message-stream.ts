import { frameMessage, MessageReader } from '@jetstream/protocol';
import type { LaneConnection } from '../lane/lane-connection.ts';

/**
 * Messages over one reliable stream, handled strictly one after the other. What a handler has not dealt with yet is not
 * credited to the peer, so a slow handler slows the peer down and nothing piles up.
 */
export class MessageStream {
  readonly #connection: LaneConnection;
  readonly #stream: number;
  readonly #handle: (message: Uint8Array) => void | Promise<void>;
  readonly #fail: (error: unknown) => void;
  readonly #reader = new MessageReader();
  readonly #chunks: Uint8Array[] = [];
  #busy = false;
  #writable = true;
  #writableWaiters: (() => void)[] = [];

  constructor(
    connection: LaneConnection,
    stream: number,
    handle: (message: Uint8Array) => void | Promise<void>,
    fail: (error: unknown) => void,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#handle = handle;
    this.#fail = fail;
  }

  send(message: Uint8Array): void {
    this.#writable = this.#connection.writeStream(this.#stream, frameMessage(message));
  }

  /** Resolves when the outgoing queue is below its bound. */
  writable(): Promise<void> | undefined {
    if (this.#writable) return undefined;
    return new Promise((resolve) => this.#writableWaiters.push(resolve));
  }

  onWritable(): void {
    this.#writable = true;
    for (const resolve of this.#writableWaiters.splice(0)) resolve();
  }

  onBytes(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    try {
      for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
        for (const message of this.#reader.push(chunk)) {
          const pending = this.#handle(message);
          if (pending !== undefined) await pending;
        }
        this.#connection.consumeStream(this.#stream, chunk.byteLength);
      }
      this.#busy = false;
    } catch (error) {
      // Stays busy: after a failure nothing of this stream is handled any more.
      this.#fail(error);
    }
  }
}
