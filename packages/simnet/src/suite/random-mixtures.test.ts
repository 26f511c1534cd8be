import { describe, it } from 'vitest';
import { randomMixture } from '../scenarios/random-mixture.ts';
import { prove } from '../testing/prove.ts';

const SEEDS = 200;
const SEEDS_PER_TEST = 20;

describe('a transfer ends with equal bytes and closed connections on a path that does everything', () => {
  for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
    const last = first + SEEDS_PER_TEST - 1;
    it(`seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed++) prove(randomMixture(seed), seed);
    });
  }
});
