import { describe, expect, it } from 'vitest';
import { CATALOGUE, findScenario } from './catalogue.ts';
import { randomMixture } from './random-mixture.ts';

describe('the catalogue of scenarios', () => {
  it('gives every scenario a name of its own', () => {
    const names = CATALOGUE.map((scenario) => scenario.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(findScenario(name)?.name).toBe(name);
  });

  it('makes the same mixture for the same seed', () => {
    expect(findScenario('mixture 7')).toEqual(randomMixture(7));
    expect(randomMixture(7)).not.toEqual(randomMixture(8));
    expect(findScenario('no such path')).toBeUndefined();
  });

  it('bounds every scenario by a number', () => {
    for (const { name, bounds } of CATALOGUE) {
      expect(bounds.completionUs, name).toBeGreaterThan(0);
      expect(bounds.completionUs, name).toBeLessThan(3600e6);
    }
  });
});
