import { parseBitRate, type RatePolicyOptions } from '@jetstream/core';
import { JetStreamError } from '@jetstream/protocol';
import { formatRate } from './quantities.ts';

/** The options of the command line, as they were written. */
export interface RatePolicyValues {
  policy: NonNullable<RatePolicyOptions['policy']> | undefined;
  rate: string | undefined;
  minRate: string | undefined;
  maxRate: string | undefined;
}

/**
 * @returns undefined when nothing was said about it
 * @throws JetStreamError `invalid-argument` for a rate that is none, and for rates that do not go with each other or with the policy
 */
export function readRatePolicy({
  policy,
  rate,
  minRate,
  maxRate,
}: RatePolicyValues): RatePolicyOptions | undefined {
  const isFixed = policy === 'fixed';
  if (isFixed && rate === undefined) throw refusal('--policy fixed needs --rate');
  if (!isFixed && rate !== undefined)
    throw refusal('--rate goes with --policy fixed; --max-rate is a limit for any policy');
  if (isFixed && minRate !== undefined) throw refusal('--policy fixed has no --min-rate');
  const target = read('--rate', rate);
  const minimum = read('--min-rate', minRate);
  const cap = read('--max-rate', maxRate);
  if (minimum !== undefined && cap !== undefined && minimum > cap)
    throw refusal(`--min-rate ${minRate} exceeds --max-rate ${maxRate}`);
  const options: RatePolicyOptions = {
    ...(policy !== undefined && { policy }),
    ...(target !== undefined && { targetBitsPerSecond: target }),
    ...(minimum !== undefined && { minimumBitsPerSecond: minimum }),
    ...(cap !== undefined && { capBitsPerSecond: cap }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

/** @returns what to say when the server does not send as it was asked to; undefined when it does */
export function limitedRateLine(asked: RatePolicyOptions, inForce: RatePolicyOptions): string | undefined {
  const { policy = 'fair', targetBitsPerSecond, minimumBitsPerSecond, capBitsPerSecond } = inForce;
  const isAsAsked =
    policy === (asked.policy ?? 'fair') &&
    isSameRate(targetBitsPerSecond, asked.targetBitsPerSecond) &&
    isSameRate(minimumBitsPerSecond, asked.minimumBitsPerSecond) &&
    isSameRate(capBitsPerSecond, asked.capBitsPerSecond);
  if (isAsAsked) return undefined;
  const rates = [
    targetBitsPerSecond !== undefined && `at ${formatRate(targetBitsPerSecond)}`,
    minimumBitsPerSecond !== undefined && `at least ${formatRate(minimumBitsPerSecond)}`,
    capBitsPerSecond !== undefined && `at most ${formatRate(capBitsPerSecond)}`,
  ].filter((rate) => rate !== false);
  return `jscp: the server limits the rate policy: ${[policy, ...rates].join(', ')}`;
}

/** The wire has whole bytes per second. */
function isSameRate(one = 0, other = 0): boolean {
  return Math.floor(one / 8) === Math.floor(other / 8);
}

function read(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseBitRate(text);
  } catch (error) {
    throw refusal(`${option}: ${(error as Error).message}`);
  }
}

function refusal(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', `${message} (see jscp --help)`);
}
