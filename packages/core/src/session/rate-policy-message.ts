import { RATE_POLICY_NAMES, type RatePolicy } from '@jetstream/congestion';
import type { RatePolicyMessage } from '@jetstream/protocol';

// The wire numbers policies from 1, in the order of `RATE_POLICY_NAMES`, and has 0 for a rate that is not there.

/** @param policy one that passed `checkRatePolicy`; rates are cut to whole bytes per second */
export function encodeRatePolicy(policy: RatePolicy): RatePolicyMessage {
  return {
    policy: (RATE_POLICY_NAMES.indexOf(policy.policy) + 1) as RatePolicyMessage['policy'],
    targetRate: Math.floor(policy.targetBytesPerSecond ?? 0),
    minimumRate: Math.floor(policy.minimumBytesPerSecond ?? 0),
    capRate: Math.floor(policy.capBytesPerSecond ?? 0),
  };
}

/** @param message one that the decoder let through, so that all is in range (ST-3) */
export function decodeRatePolicy({
  policy,
  targetRate,
  minimumRate,
  capRate,
}: RatePolicyMessage): RatePolicy {
  return {
    policy: RATE_POLICY_NAMES[policy - 1]!,
    ...(targetRate > 0 && { targetBytesPerSecond: targetRate }),
    ...(minimumRate > 0 && { minimumBytesPerSecond: minimumRate }),
    ...(capRate > 0 && { capBytesPerSecond: capRate }),
  };
}
