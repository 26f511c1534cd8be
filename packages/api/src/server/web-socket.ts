import { JetStreamError } from '@jetstream/protocol';
import type { WebSocket } from 'ws';
import * as z from 'zod';
import type { ApiEvent } from '../contract.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { CommandCalls } from './command-calls.ts';
import { errorAnswer, wrongArgument } from './error-answer.ts';
import { mayHear } from './event-filter.ts';
import { parseJson } from './json.ts';
import type { ApiLimits } from './limits.ts';
import type { Peer } from './peer.ts';
import type { ApiSession, Sessions } from './sessions.ts';

/** Close codes (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;
/** How long one that is closed has to take it in. */
const CLOSE_TIMEOUT_MS = 5_000;

const message = z.strictObject({
  id: z.union([z.string().max(64), z.int()]),
  command: z.string().max(64),
  arguments: z.record(z.string(), z.unknown()).default({}),
});

export interface ApiSocketContext {
  calls: CommandCalls;
  answers: AnswerMemory;
  sessions: Sessions;
  isStillValid(session: ApiSession): boolean;
  limits: ApiLimits;
  onLoggedIn(account: string): void;
  onFault(error: unknown, where: string): void;
}

/** One WebSocket: commands, each with an id that its answer repeats, and events. */
export class ApiSocket implements Peer {
  readonly remoteAddress: string;
  readonly isLocal: boolean;
  readonly reachedAs: string | null;
  readonly signal: AbortSignal;
  session: ApiSession | undefined;
  token: string | undefined;
  ownsSession = false;
  readonly #socket: WebSocket;
  readonly #context: ApiSocketContext;
  readonly #abort = new AbortController();
  readonly #loginTimer: NodeJS.Timeout;
  readonly #pingTimer: NodeJS.Timeout;
  #running = 0;
  #answered = true;
  /** undefined: it is not subscribed. */
  #events: { names: ReadonlySet<string> | undefined } | undefined;

  constructor(
    socket: WebSocket,
    peer: Pick<Peer, 'remoteAddress' | 'isLocal' | 'reachedAs' | 'session' | 'token'>,
    context: ApiSocketContext,
  ) {
    this.#socket = socket;
    this.#context = context;
    this.remoteAddress = peer.remoteAddress;
    this.isLocal = peer.isLocal;
    this.reachedAs = peer.reachedAs;
    this.session = peer.session;
    this.token = peer.token;
    this.signal = this.#abort.signal;
    const { socketLoginTimeoutMs, socketPingMs } = context.limits;
    this.#loginTimer = setTimeout(() => this.#checkLogin(), socketLoginTimeoutMs);
    this.#pingTimer = setInterval(() => this.#ping(), socketPingMs);
    socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
    socket.on('pong', () => {
      this.#answered = true;
    });
    // By hand, so that one who pings and never reads fills nothing.
    socket.on('ping', (data) => {
      if (socket.bufferedAmount < context.limits.socketBusyBytes) socket.pong(data);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#onClose());
  }

  subscribe(names: readonly string[] | undefined): void {
    this.#events = { names: names && new Set(names) };
  }

  unsubscribe(): void {
    this.#events = undefined;
  }

  /** @param text the event as JSON: made once for all */
  offer(event: ApiEvent, text: () => string): void {
    const { names } = this.#events ?? { names: new Set<string>() };
    if (names && !names.has(event._event)) return;
    const session = this.#currentSession();
    if (!session || !mayHear(session, event)) return;
    // The next one says all that this one would.
    const isBusy = this.#socket.bufferedAmount > this.#context.limits.socketBusyBytes;
    if (isBusy && event._event === 'transferProgress') return;
    this.#send(`{"event":${text()}}`);
  }

  /** The server goes away. */
  closeForEnd(): void {
    this.#close(GOING_AWAY, 'server-closing');
  }

  async #onMessage(data: Buffer, isBinary: boolean): Promise<void> {
    if (isBinary) return this.#close(UNSUPPORTED_DATA, 'invalid-argument: messages are text');
    let request: z.output<typeof message>;
    try {
      const parsed = message.safeParse(parseJson(data, this.#context.limits.jsonDepth));
      if (!parsed.success) throw wrongArgument(parsed.error);
      request = parsed.data;
    } catch (error) {
      // Nobody could tell which of his messages it was.
      this.#answer(null, errorAnswer(error).body);
      return this.#close(POLICY_VIOLATION, 'invalid-argument: no message of this interface');
    }
    if (this.#running >= this.#context.limits.commandsPerSocket) {
      const error = new JetStreamError('limit-exceeded', 'too many commands at once on this WebSocket');
      return this.#answer(request.id, errorAnswer(error).body);
    }
    this.#running++;
    try {
      const call = await this.#context.calls.admit(request.command, this);
      const result = await call(request.arguments);
      if (this.session) this.#context.onLoggedIn(this.session.identity.account);
      this.#answerWith(request.id, result);
    } catch (error) {
      const { body } = errorAnswer(error);
      if (body.error.code === 'internal') this.#context.onFault(error, request.command);
      this.#answer(request.id, body);
    } finally {
      this.#running--;
    }
  }

  #answerWith(id: string | number, result: unknown): void {
    const { answers } = this.#context;
    const text = answers.textOf(result);
    const release = answers.hold(this.session?.identity.account ?? '', text);
    this.#send(`{"id":${JSON.stringify(id)},"result":${text}}`, release);
  }

  #answer(id: string | number | null, body: object): void {
    this.#send(JSON.stringify({ id, ...body }));
  }

  /** One that does not read is closed, and never waited for. */
  #send(text: string, onGone: () => void = () => undefined): void {
    const isSlow = this.#socket.bufferedAmount > this.#context.limits.socketBufferBytes;
    if (this.#socket.readyState === this.#socket.OPEN && !isSlow) {
      this.#socket.send(text, onGone);
      return;
    }
    onGone();
    if (isSlow) this.#close(TRY_AGAIN_LATER, 'limit-exceeded: this WebSocket is read too slowly');
  }

  #currentSession(): ApiSession | undefined {
    const { sessions, isStillValid } = this.#context;
    if (this.session && !(sessions.has(this.session) && isStillValid(this.session))) this.session = undefined;
    return this.session;
  }

  #checkLogin(): void {
    if (!this.#currentSession()) this.#close(POLICY_VIOLATION, 'unauthenticated: nobody has logged in');
  }

  /** Whoever answers uses his session, and is looked at as for a command; one that ended by its age ends the WebSocket too. */
  #ping(): void {
    // Where the system cannot say what an account may be, it stays what it is until the next time.
    this.#context.calls.confirm(this).catch(() => undefined);
    if (!this.#answered) this.#socket.terminate();
    else if (this.#events && !this.#currentSession()) {
      this.#close(POLICY_VIOLATION, 'unauthenticated: the session has ended');
    } else {
      this.#answered = false;
      this.#socket.ping();
    }
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS).unref();
  }

  #onClose(): void {
    clearTimeout(this.#loginTimer);
    clearInterval(this.#pingTimer);
    this.unsubscribe();
    if (this.session && this.ownsSession) this.#context.sessions.close(this.session);
    this.#abort.abort();
  }
}
