import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, shareFairly } from './fair-shares.ts';

const anyClaim: fc.Arbitrary<Claim> = fc.record({
  weight: fc.nat(64),
  demand: fc.oneof(fc.constant(0), fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 2e9 })),
});
const anyRate = fc.integer({ min: 1_000, max: 2e9 });
const anyClaims = fc.array(anyClaim, { minLength: 1, maxLength: 40 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
const greedy = (weight = 1): Claim => ({ weight, demand: Number.POSITIVE_INFINITY });
const idle: Claim = { weight: 0, demand: Number.POSITIVE_INFINITY };

describe('a rate shared fairly', () => {
  it('is given out whole, and never more than that', () => {
    fc.assert(
      fc.property(anyRate, anyClaims, (rate, claims) => {
        const shares = shareFairly(rate, claims);
        for (const share of shares) expect(share).toBeGreaterThanOrEqual(0);
        expect(sum(shares) / rate).toBeCloseTo(1, 9);
      }),
    );
  });

  it('gives nobody less for its weight than another, unless it wants no more', () => {
    fc.assert(
      fc.property(anyRate, anyClaims, (rate, claims) => {
        const shares = shareFairly(rate, claims);
        const levels = claims.map(({ weight }, index) => shares[index]! / weight);
        for (const [index, { weight, demand }] of claims.entries()) {
          if (weight === 0 || shares[index]! >= demand * (1 - 1e-9)) continue;
          for (const [other, claim] of claims.entries())
            if (claim.weight > 0) expect(levels[other]! / levels[index]!).toBeLessThan(1 + 1e-9);
        }
      }),
    );
  });

  it('gives more to whoever can use more when another wants less', () => {
    fc.assert(
      fc.property(anyRate, anyClaims, fc.nat(39), (rate, claims, at) => {
        const index = at % claims.length;
        const modest = claims.with(index, { ...claims[index]!, demand: claims[index]!.demand / 2 });
        const before = shareFairly(rate, claims);
        const after = shareFairly(rate, modest);
        for (const [other, { weight, demand }] of claims.entries())
          if (other !== index && weight > 0 && demand === Number.POSITIVE_INFINITY)
            expect(after[other]! / before[other]!).toBeGreaterThan(1 - 1e-9);
      }),
    );
  });

  it.each([
    ['equally among those who want all', 100, [greedy(), greedy()], [50, 50]],
    ['by transfers', 100, [greedy(3), greedy()], [75, 25]],
    ['what one does not want goes to others', 100, [{ weight: 1, demand: 20 }, greedy()], [20, 80]],
    [
      'room to grow, too',
      100,
      [
        { weight: 1, demand: 20 },
        { weight: 1, demand: 40 },
      ],
      [40, 60],
    ],
    ['all of it, where nobody is busy', 100, [idle, idle], [50, 50]],
    ['a little for those who are idle', 3200, [greedy(), idle, idle], [3100, 50, 50]],
    ['a little for who is busy and still', 3200, [greedy(), { weight: 1, demand: 0 }], [3100, 100]],
  ])('%s', (_what, rate, claims, shares) => {
    expect(shareFairly(rate, claims)).toEqual(shares);
  });
});
