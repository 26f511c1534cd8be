import type { JetStreamError } from '@jetstream/protocol';

const FIRST_DELAY_US = 5e6;
const MAX_DELAY_US = 300e6;
/** From the first of failures on end; an attempt that brought the transfer on begins the count anew. */
export const GIVE_UP_AFTER_US = 24 * 3_600e6;

/** Failures of a transfer since it last came on. */
export interface FailureStreak {
  failures: number;
  /** When the first one was, µs. */
  since: number;
}

/**
 * How long to wait after that many failures on end: 5 s, doubling to 5 min, of which half is left to chance, so that the transfers
 * of a destination that comes back do not all come at once.
 * @param random of [0, 1)
 */
export function retryDelayUs(failures: number, random: number): number {
  const fullUs = Math.min(MAX_DELAY_US, FIRST_DELAY_US * 2 ** Math.max(0, failures - 1));
  return Math.round(fullUs * (1 - random / 2));
}

/** An attempt failed: may there be another one? That files failed of what does not pass by itself is for people to look at, and no reason. */
export function mayRetry(
  { retryable }: Pick<JetStreamError, 'retryable'>,
  streak: FailureStreak,
  now: number,
): boolean {
  return retryable && now - streak.since < GIVE_UP_AFTER_US;
}

/**
 * It is the destination that failed, not the transfer: what else waits for it would fare no better.
 * `limit-exceeded`: the far side runs as many transfers as it may.
 */
export function isOfDestination({ code }: JetStreamError): boolean {
  return DESTINATION_FAILURES.has(code);
}

const DESTINATION_FAILURES: ReadonlySet<string> = new Set([
  'host-unreachable',
  'host-unresolved',
  'connection-lost',
  'handshake-failed',
  'login-timeout',
  'limit-exceeded',
  'server-closing',
]);
