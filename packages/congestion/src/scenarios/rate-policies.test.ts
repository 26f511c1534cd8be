import { describe, expect, it } from 'vitest';
import type { RatePolicyName } from '../rate-policy.ts';
import { measureShares, measureSteady } from '../testing/measure.ts';
import type { PathOptions } from '../testing/path.ts';
import { policyController } from '../testing/policy-controller.ts';
import { ungatedBbr } from '../testing/ungated-bbr.ts';

type Contender = NonNullable<PathOptions['controllers']>[number];

const RATE = { mbitPerSecond: 20 };

/** Share of the first contender in what all got in the first minute, of two runs: in one it begins first, in the other last. */
function shares(
  path: { rttMs: number; bufferBdp: number },
  tested: () => Contender,
  rivals: readonly Contender[],
) {
  const sender = (index: number) => ({ startUs: index * 1e6 });
  return [
    [tested(), ...rivals],
    [...rivals, tested()],
  ].map((controllers, run) => {
    const got = measureShares({ ...RATE, ...path, controllers, sender }, 0, 60);
    return (run === 0 ? got[0]! : got.at(-1)!) / got.reduce((sum, share) => sum + share, 0);
  });
}

const policy = (name: Exclude<RatePolicyName, 'fixed'>, congestion: 'bbr' | 'cubic' = 'bbr') => {
  let seed = 0;
  return () => () => policyController({ policy: name }, congestion, ++seed);
};

const PATHS = [20, 50].flatMap((rttMs) => [0.5, 1, 4].map((bufferBdp) => ({ rttMs, bufferBdp })));

describe('the policy fair', () => {
  it.each(PATHS)(
    'takes 25 to 75 % beside a BBR that counts all loss, at $rttMs ms and $bufferBdp BDP',
    (path) => {
      for (const share of shares(path, policy('fair'), [ungatedBbr])) {
        expect(share).toBeGreaterThan(0.25);
        expect(share).toBeLessThan(0.75);
      }
    },
  );

  it.each(PATHS)(
    'takes 20 to 60 % beside that and a CUBIC at once, at $rttMs ms and $bufferBdp BDP',
    (path) => {
      for (const share of shares(path, policy('fair'), ['cubic', ungatedBbr])) {
        expect(share).toBeGreaterThan(0.2);
        expect(share).toBeLessThan(0.6);
      }
    },
  );
});

describe('the policy high', () => {
  it.each([
    { congestion: 'bbr', rttMs: 20, bufferBdp: 0.5 },
    { congestion: 'bbr', rttMs: 20, bufferBdp: 4 },
    { congestion: 'bbr', rttMs: 100, bufferBdp: 4 },
    { congestion: 'cubic', rttMs: 20, bufferBdp: 1 },
    { congestion: 'cubic', rttMs: 20, bufferBdp: 4 },
  ] as const)(
    'takes about two thirds beside one that is fair: $congestion, $rttMs ms, $bufferBdp BDP',
    ({ congestion, ...path }) => {
      const [first = 0, last = 0] = shares(path, policy('high', congestion), [policy('fair', congestion)()]);
      expect((first + last) / 2).toBeGreaterThan(0.55);
      expect((first + last) / 2).toBeLessThan(0.8);
    },
  );

  it('builds no longer queue for it, and its brakes work: it loses little where it is alone', () => {
    for (const bufferBdp of [0.1, 1]) {
      const path = { ...RATE, rttMs: 40, bufferBdp, controllers: [policy('high')()] };
      const steady = measureSteady(path, 10, 20);
      expect(steady.goodput).toBeGreaterThan(0.9);
      expect(steady.lossRate).toBeLessThan(0.02);
      expect(steady.queueP95Bdp).toBeLessThan(0.35);
    }
  });
});
