import { describe, expect, it } from 'vitest';
import { collectionsIn, heapFigures } from './heap-figures.ts';

const OUTPUT = [
  '[77:0x5581e0]       45 ms: Scavenge 4.1 (5.2) -> 3.6 (6.2) MB, 0.55 / 0.00 ms  (average mu = 1.000, current mu = 1.000) allocation failure; ',
  '{"event":"progress","state":"transferring","rttMs":0.1}',
  '[77:0x5581e0]     2000 ms: Scavenge 10.0 (15.2) -> 9.0 (16.2) MB, 0.55 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task; ',
  '[77:0x7f0010]     2500 ms: Scavenge 5.0 (5.2) -> 4.0 (6.2) MB, 0.5 / 0.0 ms  (average mu = 1.000, current mu = 1.000) allocation failure;',
  '[77:0x5581e0]     3000 ms: Mark-Compact (reduce) 9.5 (15.2) -> 9.2 (16.2) MB, 3.19 / 0.01 ms  (+ 2.0 ms in 11 steps) (average mu = 0.9) finalize; GC in old space requested',
].join('\n');

describe('what --trace-gc tells', () => {
  it('is found between other output', () => {
    expect(collectionsIn(OUTPUT)).toHaveLength(4);
    expect(collectionsIn(OUTPUT)[3]).toEqual({
      isolate: '0x5581e0',
      atMs: 3000,
      beforeMB: 9.5,
      afterMB: 9.2,
    });
  });

  it('gives what each thread allocated from a time on, and what stayed', () => {
    const figures = heapFigures(OUTPUT, 1500);
    expect(figures.allocatedMB).toBeCloseTo(0.5, 9);
    expect(figures.grownMB).toBeCloseTo(0.2, 9);
    expect(heapFigures('', 0)).toEqual({ allocatedMB: 0, grownMB: 0 });
  });
});
