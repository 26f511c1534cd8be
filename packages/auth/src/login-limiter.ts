import { sourceNetwork } from '@jetstream/protocol';

const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
const BLOCK_MS = 60_000;
const MAX_ADDRESSES = 4_096;

interface Failures {
  count: number;
  windowEndsMs: number;
  blockedUntilMs: number;
}

/**
 * Keeps an address that fails to log in 10 times (or as often as it is told) within 60 s out for 60 s. An IPv6 address counts with its whole /64, of
 * which one machine usually has all. Remembers 4,096 addresses, forgetting the one that failed least recently.
 * What is no address counts as it is. Times are milliseconds of any monotonic clock.
 */
export class LoginLimiter {
  /** In the order of their last failure. */
  readonly #failures = new Map<string, Failures>();
  readonly #maxFailures: number;

  constructor(maxFailures: number = MAX_FAILURES) {
    this.#maxFailures = maxFailures;
  }

  isBlocked(remote: string, nowMs: number): boolean {
    const failures = this.#failures.get(sourceNetwork(remote));
    return failures !== undefined && nowMs < failures.blockedUntilMs;
  }

  failed(remote: string, nowMs: number): void {
    const network = sourceNetwork(remote);
    const before = this.#failures.get(network);
    const failures =
      before === undefined || nowMs >= before.windowEndsMs
        ? { count: 0, windowEndsMs: nowMs + WINDOW_MS, blockedUntilMs: before?.blockedUntilMs ?? nowMs }
        : before;
    if (++failures.count >= this.#maxFailures) failures.blockedUntilMs = nowMs + BLOCK_MS;
    this.#failures.delete(network);
    this.#failures.set(network, failures);
    if (this.#failures.size > MAX_ADDRESSES) this.#failures.delete(this.#failures.keys().next().value!);
  }

  succeeded(remote: string): void {
    this.#failures.delete(sourceNetwork(remote));
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#failures.size;
  }
}
