import { MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';
import { type Claim, shareFairly } from './fair-shares.ts';
import { RateDemand } from './rate-demand.ts';

/** Somebody who sends, or receives, together with others: a connection, in one direction. */
export interface RateUser {
  /** Transfers under way in this direction; 0: idle. */
  transfers(): number;
  /** Moved so far in this direction. May be some 100 ms old. */
  movedBytes(): number;
  /** From now on. @param bytesPerSecond Infinity for no bound */
  setShare(bytesPerSecond: number): void;
}

/** All that goes one way, sharing one rate: each transfer as much as every other. */
export class SharedRate {
  readonly #users = new Map<RateUser, { demand: RateDemand; share: number }>();

  /** @param share bytes per second to begin with */
  add(user: RateUser, share: number): void {
    const state = { demand: new RateDemand(), share: Number.POSITIVE_INFINITY };
    this.#users.set(user, state);
    tell(user, state, share);
  }

  remove(user: RateUser): void {
    this.#users.delete(user);
  }

  get isIdle(): boolean {
    for (const user of this.#users.keys()) if (user.transfers() > 0) return false;
    return true;
  }

  /** Bytes per second that all can use; Infinity: all that they get. */
  get demand(): number {
    let sum = 0;
    for (const [user, { demand }] of this.#users) if (user.transfers() > 0) sum += demand.bytesPerSecond;
    return sum;
  }

  /** A turn of so many seconds is over: sees what each did with its share. */
  measure(seconds: number): void {
    for (const [user, { demand, share }] of this.#users)
      if (user.transfers() > 0) demand.update(user.movedBytes(), seconds, share);
  }

  /**
   * Tells each its share, never below 1,000 bytes per second: nobody sends slower.
   * @param rate bytes per second; Infinity for no bound
   */
  share(rate: number): void {
    const users = [...this.#users];
    const claims = users.map(([user, { demand }]): Claim => {
      const weight = user.transfers();
      if (weight === 0) demand.reset();
      return { weight, demand: demand.bytesPerSecond };
    });
    const shares = Number.isFinite(rate) ? shareFairly(rate, claims) : undefined;
    for (const [index, [user, state]] of users.entries()) tell(user, state, shares?.[index] ?? rate);
  }
}

function tell(user: RateUser, state: { share: number }, wanted: number): void {
  const share = Math.max(MIN_RATE_BYTES_PER_SECOND, Math.floor(wanted));
  if (share === state.share) return;
  state.share = share;
  user.setShare(share);
}
