import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkRuns } from './chunk-runs.ts';

const MAX = 40;
const END = MAX + 13;
const runs = fc.array(fc.tuple(fc.nat(MAX), fc.integer({ min: 1, max: 12 }), fc.boolean()), {
  maxLength: 20,
});

describe('ChunkRuns', () => {
  it('are what a set of numbers is', () => {
    const check = fc.property(runs, (all) => {
      const set = new ChunkRuns();
      const model = new Set<number>();
      for (const [first, count, removes] of all) {
        if (removes && model.delete(first)) set.remove(first);
        const range = Array.from({ length: count }, (_, at) => first + at);
        const missing = set.add([first, first + count]);
        const added = missing.flatMap(([from, end]) => range.filter((chunk) => chunk >= from && chunk < end));
        expect(added).toEqual(range.filter((chunk) => !model.has(chunk)));
        for (const chunk of range) model.add(chunk);
        if (removes && model.delete(first + 1)) set.remove(first + 1);
      }
      const said: unknown[] = [];
      const expected: unknown[] = [];
      for (let chunk = 0; chunk <= END; chunk++) {
        let [nextIn, nextOut] = [chunk, chunk];
        while (nextIn <= END && !model.has(nextIn)) nextIn++;
        while (model.has(nextOut)) nextOut++;
        if (nextIn > END) nextIn = Number.POSITIVE_INFINITY;
        expected.push([model.has(chunk), nextIn, nextOut]);
        said.push([set.has(chunk), set.nextIn(chunk), set.nextOut(chunk)]);
      }
      expect(said).toEqual(expected);
      expect(set.end).toBe(Math.max(-1, ...model) + 1);
    });
    fc.assert(check);
  });

  it('hold the chunks of the largest file there can be', () => {
    const set = new ChunkRuns();
    expect(set.add([0, 2 ** 32 - 1])).toEqual([[0, 2 ** 32 - 1]]);
    expect([set.has(2 ** 32 - 2), set.has(2 ** 32 - 1), set.nextOut(5)]).toEqual([true, false, 2 ** 32 - 1]);
  });
});
