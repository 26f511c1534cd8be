import type { RememberedPath } from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';

/**
 * A path older than this is forgotten. What a line can carry changes in weeks, what others take of it in minutes: from the first
 * comes the worth of a hint that is a day old, against the second helps no bound on age but what Careful Resume does anyway (half of
 * the rate, the RTT compared, a retreat). Two days, so that a nightly copy finds the path as it left it.
 */
export const PATH_LIFETIME_MS = 48 * 3600 * 1000;
/** What was seen later than now by more than this was dated by a wrong clock. */
const CLOCK_SLACK_MS = 60_000;
const LONGEST_ADDRESS = 64;
const MAX_RTT_US = 60e6;
/** 8 × 10^12 bit/s, as the rates that may be asked for. */
const MAX_BYTES_PER_SECOND = 1e12;

/** Is it a path, whoever says so, and still worth knowing? */
export function isUsablePath(path: KnownPath, nowMs: number): boolean {
  const { network, localAddress, minRttUs, rateBytesPerSecond, seenAtMs } = path;
  return (
    isAddress(network) &&
    (localAddress === undefined || isAddress(localAddress)) &&
    isWithin(minRttUs, MAX_RTT_US) &&
    isWithin(rateBytesPerSecond, MAX_BYTES_PER_SECOND) &&
    Number.isFinite(seenAtMs) &&
    seenAtMs <= nowMs + CLOCK_SLACK_MS &&
    seenAtMs > nowMs - PATH_LIFETIME_MS
  );
}

/** The part that the transport understands. */
export function rememberedPathOf({ minRttUs, rateBytesPerSecond }: KnownPath): RememberedPath {
  return { minRttUs, rateBytesPerSecond };
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && value.length <= LONGEST_ADDRESS && /^[0-9a-f.:]+$/.test(value);
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && value > 0 && value <= most;
}
