import type { ApiCaller, BandwidthLimits, Parameters } from '@jetstream/api';
import { JetStreamError, MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import { type Clock, PROCESS_CLOCK } from '../../clock.ts';
import type { BandwidthLimitOptions } from '../../contract.ts';
import type { ServiceEvents } from '../events.ts';
import type { ServicePart } from '../part.ts';
import { type RatePair, withLoans } from './borrowing.ts';
import { type RateUser, SharedRate } from './shared-rate.ts';

/** From one measure of what moves to the next. */
const TURN_MS = 200;
/** Peers heed no more than ten limits in a second (RP-6). */
const LEAST_TURN_MS = 100;
/** Of the whole, for who has only come, until the next turn. */
const FIRST_SHARE = 1 / 64;
/** Of one kilobit per second. */
const BYTES_PER_SECOND = 125;

/** Rates are kbit/s, null for none. */
export type KeptBandwidthLimits = Omit<BandwidthLimits, 'frozen'>;

const NO_LIMITS: KeptBandwidthLimits = {
  incomingRateLimit: null,
  outgoingRateLimit: null,
  borrowIncomingRate: false,
  borrowOutgoingRate: false,
};

/** Where limits that were set through the API are kept. */
export interface KeptLimits {
  readonly value: KeptBandwidthLimits | undefined;
  set(limits: KeptBandwidthLimits): Promise<void>;
}

/** A way of one connection, as long as it lives. */
export interface Registered {
  /** Transfers have begun or ended: shares change at once. */
  changed(): void;
  remove(): void;
}

/**
 * Limits of all that the server receives and of all that it sends, shared among the transfers under way. Five times a second each
 * connection is told its share of either way; while nothing is limited, or nothing moves, there is nothing to do.
 */
export class Bandwidth implements ServicePart {
  readonly commands = {
    updateBandwidthLimits: (changes: Parameters<'updateBandwidthLimits'>) => this.update(changes),
  };
  readonly #incoming = new SharedRate();
  readonly #outgoing = new SharedRate();
  readonly #clock: Clock;
  readonly #events: ServiceEvents;
  readonly #kept: KeptLimits;
  /** Set on the command line: the API must leave them. */
  readonly #frozen: boolean;
  #limits: KeptBandwidthLimits;
  #cancelTurn: (() => void) | undefined;
  #turnDueMs = 0;
  #lastShareMs = Number.NEGATIVE_INFINITY;
  #lastMeasureMs = 0;
  #isClosed = false;

  /**
   * @param options of the command line
   * @throws JetStreamError `invalid-argument` for limits that cannot be
   */
  constructor(
    options: BandwidthLimitOptions | undefined,
    kept: KeptLimits,
    events: ServiceEvents,
    clock: Clock = PROCESS_CLOCK,
  ) {
    this.#clock = clock;
    this.#events = events;
    this.#kept = kept;
    this.#frozen = options !== undefined;
    this.#limits = options === undefined ? (kept.value ?? NO_LIMITS) : limitsOf(options);
  }

  serverInfo({ account }: Pick<ApiCaller, 'account'>): { bandwidthLimits: BandwidthLimits | null } {
    return { bandwidthLimits: account === '' ? null : this.#shown };
  }

  addSender(user: RateUser): Registered {
    return this.#register(this.#outgoing, this.#rates.outgoing, user);
  }

  addReceiver(user: RateUser): Registered {
    return this.#register(this.#incoming, this.#rates.incoming, user);
  }

  /**
   * Changes limits, durably.
   * @param changes what is left out stays as it is
   * @throws JetStreamError `conflict` when they were set on the command line; `invalid-argument`
   */
  async update(changes: Parameters<'updateBandwidthLimits'>): Promise<BandwidthLimits> {
    if (this.#frozen) {
      throw new JetStreamError(
        'conflict',
        'the limits were set when the server was started, and cannot be changed while it runs',
      );
    }
    const before = this.#limits;
    const limits = {
      // null takes a limit away.
      incomingRateLimit: valueOr(changes.incomingRateLimit, before.incomingRateLimit),
      outgoingRateLimit: valueOr(changes.outgoingRateLimit, before.outgoingRateLimit),
      borrowIncomingRate: changes.borrowIncomingRate ?? before.borrowIncomingRate,
      borrowOutgoingRate: changes.borrowOutgoingRate ?? before.borrowOutgoingRate,
    };
    checkKilobits('incomingRateLimit', limits.incomingRateLimit);
    checkKilobits('outgoingRateLimit', limits.outgoingRateLimit);
    await this.#kept.set(limits);
    this.#limits = limits;
    this.#shareSoon();
    this.#events.emit('settingsUpdated', { bandwidthLimits: this.#shown });
    return this.#shown;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTurn?.();
    this.#cancelTurn = undefined;
  }

  #register(rate: SharedRate, limit: number, user: RateUser): Registered {
    // What has only come shall not be the way past the limit.
    rate.add(user, limit * FIRST_SHARE);
    this.#shareSoon();
    return {
      changed: () => this.#shareSoon(),
      remove: () => {
        rate.remove(user);
        this.#shareSoon();
      },
    };
  }

  get #shown(): BandwidthLimits {
    return { ...this.#limits, frozen: this.#frozen };
  }

  get #rates(): RatePair {
    const { incomingRateLimit, outgoingRateLimit } = this.#limits;
    return { incoming: bytesPerSecond(incomingRateLimit), outgoing: bytesPerSecond(outgoingRateLimit) };
  }

  #shareSoon(): void {
    this.#turnAfter(Math.max(0, this.#lastShareMs + LEAST_TURN_MS - this.#clock.nowMs()));
  }

  /** Instead of a turn that is to come later. */
  #turnAfter(delayMs: number): void {
    const dueMs = this.#clock.nowMs() + delayMs;
    if (this.#isClosed || (this.#cancelTurn !== undefined && this.#turnDueMs <= dueMs)) return;
    this.#cancelTurn?.();
    this.#turnDueMs = dueMs;
    this.#cancelTurn = this.#clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    this.#cancelTurn = undefined;
    const nowMs = this.#clock.nowMs();
    const seconds = (nowMs - this.#lastMeasureMs) / 1_000;
    if (seconds * 1_000 >= TURN_MS) {
      this.#lastMeasureMs = nowMs;
      this.#incoming.measure(seconds);
      this.#outgoing.measure(seconds);
    }
    this.#lastShareMs = nowMs;
    const limits = this.#rates;
    const demands = { incoming: this.#incoming.demand, outgoing: this.#outgoing.demand };
    const { borrowIncomingRate, borrowOutgoingRate } = this.#limits;
    const rates = withLoans(limits, demands, { incoming: borrowIncomingRate, outgoing: borrowOutgoingRate });
    this.#incoming.share(rates.incoming);
    this.#outgoing.share(rates.outgoing);
    const isLimited = Number.isFinite(Math.min(limits.incoming, limits.outgoing));
    if (isLimited && !(this.#incoming.isIdle && this.#outgoing.isIdle)) this.#turnAfter(TURN_MS);
  }
}

/** @returns limits that were stored; undefined for what are none */
export function asBandwidthLimits(stored: unknown): KeptBandwidthLimits | undefined {
  const { incomingRateLimit, outgoingRateLimit, ...borrows } = (stored ?? {}) as KeptBandwidthLimits;
  const isWhole =
    isLimit(incomingRateLimit) &&
    isLimit(outgoingRateLimit) &&
    typeof borrows.borrowIncomingRate === 'boolean' &&
    typeof borrows.borrowOutgoingRate === 'boolean';
  return isWhole ? (stored as KeptBandwidthLimits) : undefined;
}

function valueOr<T>(value: T | undefined, otherwise: T): T {
  return value === undefined ? otherwise : value;
}

function limitsOf(options: BandwidthLimitOptions): KeptBandwidthLimits {
  const kilobits = (bitsPerSecond: number | undefined) => (bitsPerSecond ?? null) && bitsPerSecond! / 1000;
  const limits = {
    incomingRateLimit: kilobits(options.incomingBitsPerSecond),
    outgoingRateLimit: kilobits(options.outgoingBitsPerSecond),
    borrowIncomingRate: options.borrowIncoming ?? false,
    borrowOutgoingRate: options.borrowOutgoing ?? false,
  };
  checkKilobits('incomingBitsPerSecond', limits.incomingRateLimit);
  checkKilobits('outgoingBitsPerSecond', limits.outgoingRateLimit);
  return limits;
}

function checkKilobits(field: string, kilobits: number | null): void {
  if (isLimit(kilobits)) return;
  throw new JetStreamError(
    'invalid-argument',
    `${field} must be 8 kbit/s to 8 Tbit/s, or none at all, not ${kilobits} kbit/s`,
    { subject: field },
  );
}

function isLimit(kilobits: number | null): boolean {
  const rate = bytesPerSecond(kilobits);
  return kilobits === null || (rate >= MIN_RATE_BYTES_PER_SECOND && rate <= MAX_RATE_BYTES_PER_SECOND);
}

function bytesPerSecond(kilobits: number | null): number {
  return kilobits === null ? Number.POSITIVE_INFINITY : kilobits * BYTES_PER_SECOND;
}
