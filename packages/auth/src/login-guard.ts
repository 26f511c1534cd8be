import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamError } from '@jetstream/protocol';
import { LoginLimiter } from './login-limiter.ts';

/** Guesses at one account come from more addresses than one; whoever makes them keeps its owner out, so it takes more of them. */
const MAX_FAILURES_OF_AN_ACCOUNT = 30;

export type Guarded<T> =
  | { accepted: true; value: T }
  /** `reason` is for the server's log alone (LG-4). `limited`: too many failures or attempts; nothing was looked at. */
  | { accepted: false; reason: string; limited: boolean };

export interface GuardedAttempt {
  /** The client's IP address. */
  remote: string;
  /** Also counts failures at this account, whatever address they come from. */
  account?: string;
  /** A refusal comes at a whole multiple of this after the attempt, so that its time tells hardly anything (LG-4, LG-7). */
  refusalStepMs: number;
}

/** Of any monotonic clock. */
export interface GuardClock {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

const PROCESS_CLOCK: GuardClock = { nowMs: () => performance.now(), wait: (ms) => pause(ms) };

/**
 * Holds every way to log in to the same manners: whoever fails too often is not listened to for a while, whatever goes wrong
 * lets nobody in, and a refusal tells nothing, not by its time either.
 */
export class LoginGuard {
  readonly #addresses = new LoginLimiter();
  readonly #accounts = new LoginLimiter(MAX_FAILURES_OF_AN_ACCOUNT);
  readonly #clock: GuardClock;

  constructor(clock: GuardClock = PROCESS_CLOCK) {
    this.#clock = clock;
  }

  /**
   * @param decide gives who is let in, or throws the reason of the refusal; `limit-exceeded` says that nothing was looked at. It may hold
   *   a refusal back for so many ms after the attempt
   */
  async guard<T>(
    { remote, account, refusalStepMs }: GuardedAttempt,
    decide: (holdRefusal: (ms: number) => void) => Promise<T>,
  ): Promise<Guarded<T>> {
    const startMs = this.#clock.nowMs();
    if (this.#addresses.isBlocked(remote, startMs))
      return limited('too many failed logins from this address');
    if (account !== undefined && this.#accounts.isBlocked(account, startMs))
      return limited('too many failed logins of this account');
    let heldMs = 0;
    try {
      const value = await decide((ms) => {
        heldMs = Math.max(heldMs, ms);
      });
      this.#addresses.succeeded(remote);
      if (account !== undefined) this.#accounts.succeeded(account);
      return { accepted: true, value };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof JetStreamError && error.code === 'limit-exceeded') return limited(reason);
      const nowMs = this.#clock.nowMs();
      this.#addresses.failed(remote, nowMs);
      if (account !== undefined) this.#accounts.failed(account, nowMs);
      const tookMs = nowMs - startMs;
      const steps = Math.max(1, Math.ceil(Math.max(tookMs, heldMs) / refusalStepMs));
      await this.#clock.wait(steps * refusalStepMs - tookMs);
      return { accepted: false, reason, limited: false };
    }
  }
}

function limited(reason: string): Guarded<never> {
  return { accepted: false, reason, limited: true };
}
