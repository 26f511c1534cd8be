import { JetStreamError } from '@jetstream/protocol';
import type { Clock } from '../clock.ts';
import { asJetStreamError } from '../content/failure.ts';
import { isLinkLost, isSetback } from './ridden-out.ts';

/**
 * Silence after which the peer is asked for a sign of life. Where none comes within a second the server may be another process
 * by now, which the idle timeout would tell only much later.
 */
const SILENCE_MS = 4_000;
const WATCH_INTERVAL_MS = 1_000;
/** From the beginning of one attempt to that of the next. */
const FIRST_BACK_OFF_MS = 500;
const MAX_BACK_OFF_MS = 10_000;
/** Of one attempt to find the server; Initials go once a second in it. */
const ATTEMPT_TIMEOUT_MS = 10_000;
/** A link that lasted so long did its work: what comes after its end is another outage, with a time of its own. */
const LASTING_MS = 10_000;

/** What the keeper needs of a link. */
export interface KeptLink {
  /** Genuine ones, so far; may be a tenth of a second old. */
  readonly packetsReceived: number;
  /** Called once, at its end, also when that is `abandon`. */
  onClosed: (why: JetStreamError) => void;
  /** Asks for a sign of life. @returns whether one came within a second and two round trips */
  answers(): Promise<boolean>;
  /** Ends it for a reason of our own. */
  abandon(why: JetStreamError): void;
}

/** A server that has answered and shown its key; nothing was accepted yet, and it keeps hardly anything of it. */
export interface FoundServer<L> {
  /** @throws JetStreamError `host-key-changed`, `login-refused`, `login-timeout` or why the session closed; nothing of it is left then */
  logIn(): Promise<L>;
  /** Ends it; a login under way rejects. */
  drop(): void;
}

export interface LinkKeeperOptions<L> {
  host: string;
  /** @throws JetStreamError `host-unresolved`, `host-unreachable`, `version-mismatch`, `cancelled` */
  find(timeoutMs: number, signal: AbortSignal): Promise<FoundServer<L>>;
  /** How long an outage may last, from when the peer was last heard. 0: the first end of a link is the last. */
  reconnectTimeoutMs: number;
  /** Of one attempt; longer than 10 s is not waited for. */
  connectTimeoutMs: number;
  clock: Clock;
  /** A number of [0, 1). */
  random: () => number;
  /** Something is under way, for which a link is needed. */
  isWanted(): boolean;
  /** Another link is there, logged in. */
  onLink(link: L): void;
  /** There will be none any more. */
  onEnd(why: JetStreamError): void;
}

/**
 * Keeps a client linked to its server for as long as something is under way: connects again when the link is lost, and on the side
 * when it has fallen silent, for a server that was killed and started again says nothing to those it does not know. Then the
 * old link has the right of way for as long as it gives a sign of life. One attempt at a time, each later than the one before.
 */
export class LinkKeeper<L extends KeptLink> {
  readonly #options: LinkKeeperOptions<L>;
  #link: L | undefined;
  /** Login answered: only then an end is ridden out. */
  #isTrusted = false;
  #linkedMs = 0;
  #packetsHeard = -1;
  #heardMs = 0;
  /** The outage that goes on, or went on when the present link came. */
  #outage: { why: JetStreamError; sinceMs: number } | undefined;
  #isResting = true;
  #attempt: AbortController | undefined;
  #attempts = 0;
  #nextAttemptMs = 0;
  #unsetTimer: () => void = () => undefined;
  #end: JetStreamError | undefined;

  constructor(first: L, options: LinkKeeperOptions<L>) {
    this.#options = options;
    this.#adopt(first);
  }

  /** undefined while there is none. */
  get link(): L | undefined {
    return this.#link;
  }

  /** Why there is no link any more and will be none; undefined while there may be. */
  get end(): JetStreamError | undefined {
    return this.#end;
  }

  /** The first login was answered. */
  trust(): void {
    this.#isTrusted = true;
    this.reconsider();
  }

  /** Will there be another link, after one, or a transfer on it, that ended so? */
  ridesOut({ code }: JetStreamError): boolean {
    if (this.#end !== undefined || !this.#mayReconnect) return false;
    return isLinkLost(code) || (this.#outage !== undefined && isSetback(code));
  }

  /** What is under way is more or less than before. */
  reconsider(): void {
    if (this.#end === undefined) this.#turn();
  }

  /** The link is of no use: on to another one. */
  abandon(why: JetStreamError): void {
    this.#link?.abandon(why);
  }

  /** Ends everything. */
  close(why: JetStreamError): void {
    if (this.#end !== undefined) return;
    this.#end = why;
    this.#unsetTimer();
    this.#attempt?.abort();
    const link = this.#link;
    this.#link = undefined;
    link?.abandon(why);
    this.#options.onEnd(why);
  }

  /** E.g. `the link to HOST, lost 12 s ago; trying for 9 min 48 s more`. */
  describeOutage(): string {
    const { host, reconnectTimeoutMs, clock } = this.#options;
    const lostMs = clock.nowMs() - (this.#outage?.sinceMs ?? clock.nowMs());
    const left = formatSeconds(Math.max(0, reconnectTimeoutMs - lostMs));
    return `the link to ${host}, lost ${formatSeconds(lostMs)} ago; trying for ${left} more`;
  }

  #adopt(link: L): void {
    const old = this.#link;
    const nowMs = this.#options.clock.nowMs();
    this.#link = link;
    this.#linkedMs = nowMs;
    this.#heardMs = nowMs;
    this.#packetsHeard = -1;
    link.onClosed = (why) => this.#onClosed(link, why);
    old?.abandon(new JetStreamError('connection-lost', 'nothing was heard of the peer, which answers anew'));
  }

  #onClosed(link: L, why: JetStreamError): void {
    if (link !== this.#link) return;
    this.#hear();
    this.#link = undefined;
    if (!this.ridesOut(why)) {
      this.close(why);
      return;
    }
    const sinceMs = this.#hasLasted || this.#outage === undefined ? this.#heardMs : this.#outage.sinceMs;
    this.#outage = { why, sinceMs };
    this.#turn();
  }

  /** Looks at how things are, does what is due, and sets the time for the next look. */
  #turn(): void {
    const { clock, isWanted } = this.#options;
    this.#unsetTimer();
    const nowMs = clock.nowMs();
    if (!isWanted() || !this.#mayReconnect) this.#rest();
    else if (this.#isResting) this.#wake(nowMs);
    if (this.#isResting) return;
    if (this.#link !== undefined && this.#hear()) this.#attempt?.abort();
    const deadlineMs = this.#deadlineMs;
    if (nowMs >= deadlineMs) {
      this.close(this.#gaveUp());
      return;
    }
    const silentMs = this.#link === undefined ? 0 : this.#heardMs + SILENCE_MS;
    const dueMs = Math.max(this.#nextAttemptMs, silentMs);
    if (this.#attempt === undefined && nowMs >= dueMs) this.#begin(nowMs);
    const watchMs = this.#link === undefined ? deadlineMs : nowMs + WATCH_INTERVAL_MS;
    const wakeMs = this.#attempt === undefined ? Math.min(watchMs, dueMs) : watchMs;
    this.#unsetTimer = clock.after(wakeMs - nowMs, () => this.#turn());
  }

  /** Nobody is missed. */
  #rest(): void {
    this.#isResting = true;
    this.#attempt?.abort();
  }

  #wake(nowMs: number): void {
    this.#isResting = false;
    this.#heardMs = nowMs;
    if (this.#outage !== undefined) this.#outage.sinceMs = nowMs;
  }

  #begin(nowMs: number): void {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#nextAttemptMs = nowMs + this.#backOffMs();
    this.#attempts++;
    void this.#tryOnce(attempt.signal)
      .catch((error) => this.#onSetback(asJetStreamError(error), attempt.signal))
      .finally(() => {
        this.#attempt = undefined;
        this.reconsider();
      });
  }

  async #tryOnce(signal: AbortSignal): Promise<void> {
    if (await this.#oldAnswers()) return;
    const found = await this.#options.find(this.#attemptTimeoutMs, signal);
    const drop = () => found.drop();
    signal.addEventListener('abort', drop);
    try {
      // The path carries datagrams, again or still: one that was only cut off answers now.
      if (signal.aborted || (await this.#oldAnswers())) return drop();
      const link = await found.logIn();
      if (signal.aborted) return drop();
      this.#adopt(link);
      this.#options.onLink(link);
    } finally {
      signal.removeEventListener('abort', drop);
    }
  }

  async #oldAnswers(): Promise<boolean> {
    return this.#link !== undefined && (await this.#link.answers());
  }

  #onSetback(error: JetStreamError, signal: AbortSignal): void {
    if (!signal.aborted && !isSetback(error.code)) this.close(error);
  }

  /** @returns whether anything came since the last time */
  #hear(): boolean {
    const packets = this.#link?.packetsReceived ?? 0;
    if (packets === this.#packetsHeard) return false;
    this.#packetsHeard = packets;
    this.#heardMs = this.#options.clock.nowMs();
    if (this.#hasLasted) this.#attempts = 0;
    return true;
  }

  get #mayReconnect(): boolean {
    return this.#isTrusted && this.#options.reconnectTimeoutMs > 0;
  }

  get #hasLasted(): boolean {
    return this.#heardMs - this.#linkedMs >= LASTING_MS;
  }

  /** Half of it is left to chance, so that the clients of a server that comes back do not all come at once. */
  #backOffMs(): number {
    const fullMs = Math.min(MAX_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** this.#attempts);
    return fullMs * (1 - this.#options.random() / 2);
  }

  get #attemptTimeoutMs(): number {
    const { clock, connectTimeoutMs } = this.#options;
    return Math.min(connectTimeoutMs, ATTEMPT_TIMEOUT_MS, this.#deadlineMs - clock.nowMs());
  }

  /** When it is given up; Infinity while there is a link. */
  get #deadlineMs(): number {
    if (this.#link !== undefined) return Number.POSITIVE_INFINITY;
    return this.#outage!.sinceMs + this.#options.reconnectTimeoutMs;
  }

  #gaveUp(): JetStreamError {
    const { host, reconnectTimeoutMs } = this.#options;
    const { why } = this.#outage!;
    const tried = formatSeconds(reconnectTimeoutMs);
    return new JetStreamError(
      why.code,
      `${why.message}; ${host} could not be reached again within ${tried}: the same copy, started again, goes on from here`,
      { subject: host, cause: why },
    );
  }
}

function formatSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
