import type { ErrorCode } from '@jetstream/protocol';

/**
 * What a link may end with to be ridden out: nobody decided that the work shall not be done.
 * Not here, among others: `protocol-violation`, `internal` (it would happen again), `cancelled`.
 */
const ENDS: ReadonlySet<ErrorCode> = new Set([
  // Nothing was heard for the idle timeout.
  'connection-lost',
  // The server goes down, most often to come up again.
  'server-closing',
  // The peer closed without a word while something was under way.
  'none',
]);

/**
 * What an attempt to come back may end with to be followed by another one. `login-refused`, `host-key-changed` and
 * `version-mismatch` are answers that do not change by asking again, and asking again is what a login limiter is there for.
 */
const SETBACKS: ReadonlySet<ErrorCode> = new Set([
  ...ENDS,
  'host-unreachable',
  'host-unresolved',
  // What answered proved nothing: the server has not answered yet.
  'handshake-failed',
  'login-timeout',
  // Transfers of the lost link may hold their places until the server misses us.
  'limit-exceeded',
]);

export function isLinkLost(code: ErrorCode): boolean {
  return ENDS.has(code);
}

export function isSetback(code: ErrorCode): boolean {
  return SETBACKS.has(code);
}
