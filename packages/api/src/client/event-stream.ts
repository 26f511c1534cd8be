import { JetStreamError } from '@jetstream/protocol';
import type { WebSocket } from 'ws';
import type { ApiEvent } from '../contract.ts';
import { errorOf, networkError, place } from './json-request.ts';
import type { PinnedAgent } from './pinned-agent.ts';

/** Events that wait for who reads them. */
const MAX_WAITING = 10_000;
/** The server pings each 30 s. */
const SILENCE_MS = 75_000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export interface EventStreamOptions {
  host: string;
  port: number;
  path: string;
  agent: PinnedAgent;
  sessionToken: string;
  events: readonly string[] | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Events as they happen. Iterating ends when it is closed, and throws when the connection is lost or events come faster than they
 * are read; connecting again is left to the caller, who asks getEventLog for what he missed.
 */
export class EventStream implements AsyncIterable<ApiEvent> {
  readonly #socket: WebSocket;
  readonly #waiting: ApiEvent[] = [];
  #wake: (() => void) | undefined;
  #end: { error: JetStreamError | undefined } | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Resolves once the server sends events. @throws JetStreamError as `ApiClient.call` */
  static async open(options: EventStreamOptions): Promise<EventStream> {
    const { WebSocket } = await import('ws');
    const { path, agent, sessionToken, events, signal } = options;
    const where = place(options);
    const socket = new WebSocket(`wss://${where}${path}`, {
      agent,
      headers: { authorization: `Bearer ${sessionToken}` },
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    const stream = new EventStream(socket);
    const subscribed = new Promise<void>((resolve, reject) => {
      let silence: NodeJS.Timeout | undefined;
      const stop = () => stream.close();
      const isAlive = () => {
        clearTimeout(silence);
        silence = setTimeout(() => stream.#fail(lost(where)), SILENCE_MS);
      };
      const end = (error: JetStreamError | undefined) => {
        clearTimeout(silence);
        signal?.removeEventListener('abort', stop);
        stream.#finish(error);
        reject(error ?? new JetStreamError('cancelled', 'stopped on request'));
      };
      isAlive();
      signal?.addEventListener('abort', stop);
      if (signal?.aborted) stop();
      socket.on('open', () => {
        socket.send(JSON.stringify({ id: 1, command: 'subscribe', arguments: events ? { events } : {} }));
      });
      socket.on('ping', isAlive);
      socket.on('message', (data) => {
        isAlive();
        const message = parse(String(data));
        if (message.event) stream.#add(message.event);
        else if (message.error) stream.#fail(errorOf(message, where));
        else resolve();
      });
      socket.on('unexpected-response', (_request, answer) => {
        answer.resume();
        const code = answer.statusCode === 401 ? 'unauthenticated' : 'protocol-violation';
        stream.#fail(new JetStreamError(code, `${where} sends no events (status ${answer.statusCode})`));
      });
      socket.on('error', (error) => end(networkError(error, where)));
      socket.on('close', () => end(stream.#end ? stream.#end.error : lost(where)));
    });
    await subscribed;
    return stream;
  }

  close(): void {
    this.#finish(undefined);
    this.#socket.terminate();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ApiEvent, void> {
    try {
      for (;;) {
        yield* this.#waiting.splice(0);
        if (this.#waiting.length > 0) continue;
        if (this.#end?.error) throw this.#end.error;
        if (this.#end) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
    }
  }

  #add(event: ApiEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#fail(new JetStreamError('limit-exceeded', 'events come faster than they are read'));
      return;
    }
    this.#waiting.push(event);
    this.#wake?.();
  }

  #fail(error: JetStreamError): void {
    this.#finish(error);
    this.#socket.terminate();
  }

  #finish(error: JetStreamError | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }
}

function lost(where: string): JetStreamError {
  return new JetStreamError('connection-lost', `${where}: the connection was lost`, { subject: where });
}

function parse(text: string): { event?: ApiEvent; error?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return { error: {} };
  }
}
