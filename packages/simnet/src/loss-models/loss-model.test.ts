import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../random.ts';
import { createLossModel, type LossModelOptions, meanLossShare } from './loss-model.ts';

function losses(options: LossModelOptions, packets: number): boolean[] {
  const model = createLossModel(options, new SeededRandom(11));
  return Array.from({ length: packets }, (_, index) => model.drops(index));
}

const share = (drops: readonly boolean[]): number => drops.filter(Boolean).length / drops.length;

describe('loss models', () => {
  it('Bernoulli loses its share', () => {
    const options = { kind: 'bernoulli', share: 0.03 } as const;
    expect(share(losses(options, 200_000))).toBeCloseTo(0.03, 2);
    expect(meanLossShare(options)).toBe(0.03);
  });

  it('Gilbert–Elliott loses its mean share in bursts of the mean length', () => {
    const options = { kind: 'gilbert-elliott', goodPackets: 190, badPackets: 10 } as const;
    const drops = losses(options, 500_000);
    expect(meanLossShare(options)).toBe(0.05);
    expect(share(drops)).toBeGreaterThan(0.045);
    expect(share(drops)).toBeLessThan(0.055);
    const bursts = drops.filter((drop, index) => drop && !drops[index - 1]).length;
    expect((share(drops) * drops.length) / bursts).toBeCloseTo(10, 0);
  });

  it('Gilbert–Elliott ends a burst after its longest time, however few packets pass', () => {
    const longestRun = (longestBadUs: number): number => {
      const options = { kind: 'gilbert-elliott', goodPackets: 5, badPackets: 1e9, longestBadUs } as const;
      const runs = losses(options, 2000).map(Number).join('').split('0');
      return Math.max(...runs.map((run) => run.length));
    };
    expect(longestRun(50)).toBeLessThan(500); // one packet each microsecond, and a fifth of the bursts follow at once
    expect(longestRun(1e9)).toBeGreaterThan(1900);
  });

  it('a black hole swallows everything in its intervals and nothing else', () => {
    const drops = losses({ kind: 'black-hole', intervals: [{ fromUs: 3, untilUs: 5 }] }, 8);
    expect(drops.map(Number)).toEqual([0, 0, 0, 1, 1, 0, 0, 0]);
  });

  it('a script loses exactly the packets it names', () => {
    expect(losses({ kind: 'scripted', packets: [0, 2, 5] }, 6).map(Number)).toEqual([1, 0, 1, 0, 0, 1]);
  });
});
