import { JetStreamError, MAX_RATE_BYTES_PER_SECOND, MIN_RATE_BYTES_PER_SECOND } from '@jetstream/protocol';

/** From the meekest to the strongest. */
export const RATE_POLICY_NAMES = ['low', 'fair', 'high', 'fixed'] as const;

/**
 * - `low`: takes only what others leave (LEDBAT++).
 * - `fair`: the share of one flow; the default.
 * - `high`: about the share of two flows.
 * - `fixed`: a rate that is kept whatever is lost, short of a collapse. Not for the public Internet.
 */
export type RatePolicyName = (typeof RATE_POLICY_NAMES)[number];

/** How fast to send. Rates are bytes per second of UDP payload, 1,000 to 10^12. docs/CONGESTION.md says what keeps each lawful. */
export interface RatePolicy {
  policy: RatePolicyName;
  /** The rate of `fixed`, which needs one; the others take none. */
  targetBytesPerSecond?: number;
  /** A rate that congestion control does not go below, short of a collapse. Default none; `fixed` takes none. */
  minimumBytesPerSecond?: number;
  /** A rate never to exceed. Default none. */
  capBytesPerSecond?: number;
}

/** What an operator lets others ask for. */
export interface RatePolicyLimits {
  /** A stronger policy becomes this one; a minimum is heeded only when this is `fixed`. Default `fixed`. */
  strongestPolicy?: RatePolicyName;
  /** Rates above become this one. Default none. */
  capBytesPerSecond?: number;
}

export const DEFAULT_RATE_POLICY: Readonly<RatePolicy> = { policy: 'fair' };

/** @throws JetStreamError `invalid-argument` for a policy that does not exist or cannot be kept */
export function checkRatePolicy(policy: RatePolicy): void {
  const { targetBytesPerSecond, minimumBytesPerSecond, capBytesPerSecond } = policy;
  demandPolicyName('policy', policy.policy);
  demandRate('targetBytesPerSecond', targetBytesPerSecond);
  demandRate('minimumBytesPerSecond', minimumBytesPerSecond);
  demandRate('capBytesPerSecond', capBytesPerSecond);
  if (policy.policy === 'fixed') {
    demand(
      targetBytesPerSecond !== undefined,
      'targetBytesPerSecond',
      'the policy fixed needs a target rate',
    );
    demand(minimumBytesPerSecond === undefined, 'minimumBytesPerSecond', 'the policy fixed has no minimum');
  } else
    demand(targetBytesPerSecond === undefined, 'targetBytesPerSecond', 'only the policy fixed has a target');
  const highest = capBytesPerSecond ?? Number.POSITIVE_INFINITY;
  demand((minimumBytesPerSecond ?? 0) <= highest, 'minimumBytesPerSecond', 'the minimum exceeds the cap');
}

/** @throws JetStreamError `invalid-argument` */
export function checkRatePolicyLimits({ strongestPolicy, capBytesPerSecond }: RatePolicyLimits): void {
  if (strongestPolicy !== undefined) demandPolicyName('strongestPolicy', strongestPolicy);
  demandRate('capBytesPerSecond', capBytesPerSecond);
}

/**
 * What comes of a policy that was asked for, within limits. A `fixed` that may not be becomes the strongest policy that may, with the
 * target as its cap.
 * @param asked one that passed `checkRatePolicy`
 */
export function limitRatePolicy(asked: RatePolicy, limits: RatePolicyLimits): RatePolicy {
  const { strongestPolicy = 'fixed' } = limits;
  const isTooStrong = rank(asked.policy) > rank(strongestPolicy);
  const policy = isTooStrong ? strongestPolicy : asked.policy;
  const cap = leastOf(
    asked.capBytesPerSecond,
    limits.capBytesPerSecond,
    isTooStrong ? asked.targetBytesPerSecond : undefined,
  );
  const target = policy === 'fixed' ? leastOf(asked.targetBytesPerSecond, cap) : undefined;
  const minimum = strongestPolicy === 'fixed' ? asked.minimumBytesPerSecond : undefined;
  return {
    policy,
    ...(target !== undefined && { targetBytesPerSecond: target }),
    ...(minimum !== undefined && { minimumBytesPerSecond: Math.min(minimum, cap ?? minimum) }),
    ...(cap !== undefined && { capBytesPerSecond: cap }),
  };
}

function rank(policy: RatePolicyName): number {
  return RATE_POLICY_NAMES.indexOf(policy);
}

function leastOf(...rates: readonly (number | undefined)[]): number | undefined {
  const known = rates.filter((rate) => rate !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function demandPolicyName(field: string, name: string): void {
  const names: readonly string[] = RATE_POLICY_NAMES;
  demand(names.includes(name), field, `a rate policy is one of ${names.join(', ')}, not ${name}`);
}

function demandRate(field: string, rate: number | undefined): void {
  if (rate === undefined || (rate >= MIN_RATE_BYTES_PER_SECOND && rate <= MAX_RATE_BYTES_PER_SECOND)) return;
  demand(
    false,
    field,
    `${field} must be ${MIN_RATE_BYTES_PER_SECOND} to ${MAX_RATE_BYTES_PER_SECOND}, not ${rate}`,
  );
}

function demand(holds: boolean, subject: string, message: string): void {
  if (!holds) throw new JetStreamError('invalid-argument', message, { subject });
}
