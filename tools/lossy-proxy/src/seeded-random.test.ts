import { expect, it } from 'vitest';
import { seededRandom } from './seeded-random.mjs';

it('one seed gives one sequence, evenly spread', () => {
  const losses = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 10_000 }, () => random() < 0.05);
  };
  expect(losses(7)).toEqual(losses(7));
  expect(losses(7)).not.toEqual(losses(8));
  const share = losses(7).filter(Boolean).length / 10_000;
  expect(share).toBeGreaterThan(0.04);
  expect(share).toBeLessThan(0.06);
});
