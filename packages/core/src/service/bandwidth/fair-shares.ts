/** Who takes part in what is shared out. */
export interface Claim {
  /** Of what is there for all, compared with others: 0 for who has nothing under way, else above. */
  weight: number;
  /** Bytes per second that it can use; Infinity: all that it is given. */
  demand: number;
}

/** Of the whole, kept for those who have nothing under way: enough for messages, and to begin with. */
const IDLE_RESERVE = 1 / 32;
/** Of what it would get if all wanted all, this part is kept for who has something under way and moves nothing at the moment. */
const LEAST = 1 / 16;

/**
 * Weighted max-min fairness: nobody gets less than its part by weight unless it wants less, and what is left over is shared out as
 * well, so that whoever could use more may find out. All shares together are the rate, to the rounding of floating point.
 * @param rate bytes per second, finite
 * @returns bytes per second for each claim
 */
export function shareFairly(rate: number, claims: readonly Claim[]): number[] {
  const shares = new Array<number>(claims.length).fill(0);
  const busy = claims.flatMap(({ weight }, index) => (weight > 0 ? [index] : []));
  if (busy.length === 0) return shares.fill(rate / Math.max(1, claims.length));
  const idle = claims.length - busy.length;
  const reserve = idle === 0 ? 0 : rate * IDLE_RESERVE;
  for (const [index, { weight }] of claims.entries()) if (weight === 0) shares[index] = reserve / idle;

  let left = rate - reserve;
  const allWeights = busy.reduce((sum, index) => sum + claims[index]!.weight, 0);
  const least = (LEAST * left) / allWeights;
  /** What it wants, for its weight. */
  const level = (index: number) => Math.max(least, claims[index]!.demand / claims[index]!.weight);
  // Who wants least is served first; what it leaves is for the others.
  busy.sort((a, b) => (level(a) === level(b) ? 0 : level(a) - level(b)));
  let weights = allWeights;
  for (const index of busy) {
    const { weight } = claims[index]!;
    const share = weight * Math.min(level(index), left / weights);
    shares[index] = share;
    left = Math.max(0, left - share);
    weights -= weight;
  }
  for (const index of busy) shares[index] = shares[index]! + (left * claims[index]!.weight) / allWeights;
  return shares;
}
