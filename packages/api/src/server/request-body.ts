import type { IncomingMessage } from 'node:http';
import { JetStreamError } from '@jetstream/protocol';
import { TooLarge } from './error-answer.ts';
import type { ApiLimits } from './limits.ts';

/** How long a request that was refused is still read, so that its sender comes to read the answer. */
const LINGER_MS = 1_000;

/** Reads bodies of requests into memory, of which all of them together have so much. */
export class RequestBodies {
  readonly #limits: ApiLimits;
  #held = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  /**
   * @param limitBytes of this one
   * @throws JetStreamError `limit-exceeded` as soon as it is known to be longer (status 413), or memory is short (429)
   */
  async read(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    let size = 0;
    let counted = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) throw new TooLarge(limitBytes);
      const more = Math.max(0, size - this.#limits.strangerBodyBytes) - counted;
      if (this.#held + more > this.#limits.bodyMemoryBytes) {
        throw new JetStreamError('limit-exceeded', 'too many large requests at once; try again in a while');
      }
      this.#held += more;
      counted += more;
      chunks.push(chunk);
    };
    try {
      if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw new TooLarge(limitBytes);
      await eachChunk(request, take);
      return Buffer.concat(chunks, size);
    } catch (error) {
      linger(request);
      throw error;
    } finally {
      this.#held -= counted;
    }
  }
}

/** Not by `for await`, which destroys the connection when it is left: then there would be no answer. */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      request.off('data', onData).off('end', onEnd).off('close', onBroken).off('error', onBroken);
      if (error) reject(error);
      else resolve();
    };
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        settle(error as Error);
      }
    };
    const onEnd = () => settle();
    const onBroken = () => settle(new JetStreamError('cancelled', 'the request was broken off'));
    request.on('data', onData).on('end', onEnd).on('close', onBroken).on('error', onBroken);
  });
}

function linger(request: IncomingMessage): void {
  if (request.complete) return;
  request.on('error', () => undefined).resume();
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
  const stop = () => clearTimeout(timer);
  request.once('end', stop).once('close', stop);
}
