import { describe, expect, it } from 'vitest';
import { randomMixture } from '../scenarios/random-mixture.ts';
import { prove } from '../testing/prove.ts';

describe('a simulated transfer', () => {
  it('runs alike for a seed, event for event', () => {
    const figures = (seed: number) => {
      const { virtualUs, events, forward, flows } = prove(randomMixture(seed), seed);
      return { virtualUs, events, forward: forward.counters, stats: flows[0]!.stats };
    };
    expect(figures(3)).toEqual(figures(3));
    expect(figures(3)).not.toEqual(figures(4));
  });
});
