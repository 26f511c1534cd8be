import { isIPv6 } from 'node:net';

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
 * Keeps an address that fails to log in 10 times within 60 s out for 60 s. An IPv6 address counts with its whole /64, of
 * which one machine usually has all. Remembers 4,096 addresses, forgetting the one that failed least recently.
 * Times are milliseconds of any monotonic clock.
 */
export class LoginLimiter {
  /** In the order of their last failure. */
  readonly #failures = new Map<string, Failures>();

  isBlocked(remote: string, nowMs: number): boolean {
    const failures = this.#failures.get(networkOf(remote));
    return failures !== undefined && nowMs < failures.blockedUntilMs;
  }

  failed(remote: string, nowMs: number): void {
    const network = networkOf(remote);
    const before = this.#failures.get(network);
    const failures =
      before === undefined || nowMs >= before.windowEndsMs
        ? { count: 0, windowEndsMs: nowMs + WINDOW_MS, blockedUntilMs: before?.blockedUntilMs ?? nowMs }
        : before;
    if (++failures.count >= MAX_FAILURES) failures.blockedUntilMs = nowMs + BLOCK_MS;
    this.#failures.delete(network);
    this.#failures.set(network, failures);
    if (this.#failures.size > MAX_ADDRESSES) this.#failures.delete(this.#failures.keys().next().value!);
  }

  succeeded(remote: string): void {
    this.#failures.delete(networkOf(remote));
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#failures.size;
  }
}

/** An IPv4 address (also one mapped into IPv6) itself, the first four groups of an IPv6 address. */
function networkOf(remote: string): string {
  const address = remote.split('%', 1)[0]!.toLowerCase();
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [head, tail] = address.split('::', 2);
  const first = head === '' ? [] : head!.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing =
    tail === undefined ? 0 : 8 - first.length - last.length - (last.at(-1)?.includes('.') ? 1 : 0);
  const groups = [...first, ...Array<string>(missing).fill('0'), ...last];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
