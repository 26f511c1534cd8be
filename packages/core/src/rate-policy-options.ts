import {
  checkRatePolicy,
  checkRatePolicyLimits,
  type RatePolicy,
  type RatePolicyLimits,
} from '@jetstream/congestion';
import type { RateLimitOptions, RatePolicyOptions } from './contract.ts';

const BITS = 8;

/** @throws JetStreamError `invalid-argument` for a policy that cannot be */
export function toRatePolicy(options: RatePolicyOptions = {}): RatePolicy {
  const { policy = 'fair', targetBitsPerSecond, minimumBitsPerSecond, capBitsPerSecond } = options;
  const ratePolicy: RatePolicy = {
    policy,
    ...(targetBitsPerSecond !== undefined && { targetBytesPerSecond: targetBitsPerSecond / BITS }),
    ...(minimumBitsPerSecond !== undefined && { minimumBytesPerSecond: minimumBitsPerSecond / BITS }),
    ...(capBitsPerSecond !== undefined && { capBytesPerSecond: capBitsPerSecond / BITS }),
  };
  checkRatePolicy(ratePolicy);
  return ratePolicy;
}

export function fromRatePolicy(ratePolicy: RatePolicy): RatePolicyOptions {
  const { policy, targetBytesPerSecond, minimumBytesPerSecond, capBytesPerSecond } = ratePolicy;
  return {
    policy,
    ...(targetBytesPerSecond !== undefined && { targetBitsPerSecond: targetBytesPerSecond * BITS }),
    ...(minimumBytesPerSecond !== undefined && { minimumBitsPerSecond: minimumBytesPerSecond * BITS }),
    ...(capBytesPerSecond !== undefined && { capBitsPerSecond: capBytesPerSecond * BITS }),
  };
}

/** @throws JetStreamError `invalid-argument` */
export function toRatePolicyLimits({
  strongestPolicy,
  capBitsPerSecond,
}: RateLimitOptions = {}): RatePolicyLimits {
  const limits: RatePolicyLimits = {
    ...(strongestPolicy !== undefined && { strongestPolicy }),
    ...(capBitsPerSecond !== undefined && { capBytesPerSecond: capBitsPerSecond / BITS }),
  };
  checkRatePolicyLimits(limits);
  return limits;
}
