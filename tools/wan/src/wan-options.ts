import { JetStreamError } from '@jetstream/protocol';
import {
  changedDirection,
  DEFAULT_DIRECTION,
  DIRECTIONS,
  type Direction,
  type DirectionChanges,
  type DirectionOptions,
  within,
} from './direction-options.ts';
import type { Backend } from './wan-report.ts';

export interface WanOptions {
  /** Both directions. Default: `DEFAULT_DIRECTION`, with a queue of one product of rate and round trip, 5 ms at least. */
  both?: DirectionChanges;
  /** What differs from `both` in one direction. */
  'a-to-b'?: DirectionChanges;
  'b-to-a'?: DirectionChanges;
  /** Default: netem where the kernel has it and it can do what is asked, else tun. */
  backend?: Backend;
  /** Any integer; equal seeds lose the same packets, by number, with the tun backend. Default 1. */
  seed?: number;
  /** Width of the intervals of the report's series, 1 to 10,000 ms. Default 50. */
  bucketMs?: number;
  /** tun: packets are gathered for up to so long, 0 to 5 ms, which leaves the CPUs to the ends. Default 0.3. */
  granularityMs?: number;
}

/** Every value present and in its range. */
export interface WanSettings {
  directions: Record<Direction, DirectionOptions>;
  seed: number;
  bucketMs: number;
  granularityMs: number;
}

/** @throws JetStreamError `invalid-argument` that names the value */
export function completeOptions(options: WanOptions): WanSettings {
  const { seed = 1, bucketMs = 50, granularityMs = 0.3 } = options;
  if (!Number.isSafeInteger(seed)) throw new JetStreamError('invalid-argument', 'the seed is an integer');
  within('interval of the series', bucketMs, 1, 10_000, 'ms');
  within('granularity', granularityMs, 0, 5, 'ms');
  const changed = (direction: Direction, defaults: DirectionOptions): DirectionOptions =>
    changedDirection(defaults, { ...options.both, ...options[direction] });
  const roundTripMs = DIRECTIONS.reduce((sum, each) => sum + changed(each, DEFAULT_DIRECTION).delayMs, 0);
  const defaults = { ...DEFAULT_DIRECTION, queue: { ms: Math.max(5, roundTripMs) } };
  return {
    directions: { 'a-to-b': changed('a-to-b', defaults), 'b-to-a': changed('b-to-a', defaults) },
    seed,
    bucketMs,
    granularityMs,
  };
}
