import { describe, expect, it } from 'vitest';
import { SeededRandom } from './random.ts';

describe('SeededRandom', () => {
  it('repeats for a seed and differs for another', () => {
    const draw = (seed: number): number[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 20 }, () => random.uint32());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(0)).not.toEqual(Array(20).fill(0));
  });

  it('is uniform: mean, variance and each bit', () => {
    const random = new SeededRandom(1);
    const count = 100_000;
    let sum = 0;
    let squares = 0;
    const bits = new Float64Array(32);
    for (let i = 0; i < count; i++) {
      const unit = random.unit();
      sum += unit;
      squares += unit * unit;
      const word = random.uint32();
      for (let bit = 0; bit < 32; bit++) bits[bit]! += (word >>> bit) & 1;
    }
    expect(sum / count).toBeCloseTo(1 / 2, 2);
    expect(squares / count).toBeCloseTo(1 / 3, 2);
    for (const ones of bits) expect(ones / count).toBeCloseTo(1 / 2, 2);
  });

  it('derives sequences that do not depend on what was drawn before', () => {
    const fresh = new SeededRandom(5);
    const used = new SeededRandom(5);
    used.uint32();
    expect(fresh.derive('link').uint32()).toBe(used.derive('link').uint32());
    expect(fresh.derive('link').uint32()).not.toBe(fresh.derive('knil').uint32());
  });

  it('draws nothing for a certain outcome', () => {
    const random = new SeededRandom(3);
    const twin = new SeededRandom(3);
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
    expect(random.uint32()).toBe(twin.uint32());
  });
});
