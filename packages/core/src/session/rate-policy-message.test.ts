import { RATE_POLICY_NAMES, type RatePolicy } from '@jetstream/congestion';
import { decodeControlMessage, encodeControlMessage, RatePolicyNumber } from '@jetstream/protocol';
import { describe, expect, it } from 'vitest';
import { decodeRatePolicy, encodeRatePolicy } from './rate-policy-message.ts';

function overTheWire(policy: RatePolicy): RatePolicy {
  const bytes = encodeControlMessage({ body: { $case: 'ratePolicy', value: encodeRatePolicy(policy) } });
  const { body } = decodeControlMessage(bytes);
  if (body.$case !== 'ratePolicy') throw new Error(body.$case);
  return decodeRatePolicy(body.value);
}

describe('a rate policy', () => {
  it('comes over the wire as it was', () => {
    const policies: RatePolicy[] = [
      { policy: 'low' },
      { policy: 'fair', capBytesPerSecond: 1e12 },
      { policy: 'high', minimumBytesPerSecond: 1_000, capBytesPerSecond: 2_000 },
      { policy: 'fixed', targetBytesPerSecond: 125e6 },
      { policy: 'fixed', targetBytesPerSecond: 125e6, capBytesPerSecond: 1e6 },
    ];
    for (const policy of policies) expect(overTheWire(policy)).toEqual(policy);
  });

  it('has the same order here and there', () => {
    const wire = [RatePolicyNumber.LOW, RatePolicyNumber.FAIR, RatePolicyNumber.HIGH, RatePolicyNumber.FIXED];
    expect(wire).toEqual(RATE_POLICY_NAMES.map((_, index) => index + 1));
  });
});
