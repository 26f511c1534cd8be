import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockQueue } from './block-queue.ts';

describe('BlockQueue', () => {
  it('gives blocks as a plain list would, whatever is skipped', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('push' as const),
        gap: fc.nat(3),
        count: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ kind: fc.constant('shift' as const), times: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ kind: fc.constant('skip' as const), blocks: fc.nat(12) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new BlockQueue();
        const model: number[] = [];
        for (const step of steps) {
          if (step.kind === 'push') {
            const block = queue.end + step.gap;
            queue.push([{ block, count: step.count, byteLength: 1 }]);
            for (let n = 0; n < step.count; n++) model.push(block + n);
          } else if (step.kind === 'shift') {
            for (let n = 0; n < step.times; n++) {
              expect(queue.next).toBe(model[0]);
              expect(queue.shift()).toBe(model.shift());
            }
          } else {
            const to = (model[0] ?? 0) + step.blocks;
            queue.skipTo(to);
            while (model.length > 0 && model[0]! < to) model.shift();
          }
          expect(queue.isPassed(model[0] ?? queue.end)).toBe(false);
          if (queue.end > 0) expect(queue.isPassed((model[0] ?? queue.end) - 1)).toBe(true);
        }
      }),
    );
  });

  it('keeps a file of a terabyte as one run, and skips it at once', () => {
    const queue = new BlockQueue();
    queue.push([{ block: 0, count: 2 ** 32, byteLength: 2 ** 20 }]);
    for (let block = 0; block < 5_000; block++) expect(queue.shift()).toBe(block);
    queue.skipTo(2 ** 32 - 1);
    expect([queue.shift(), queue.shift()]).toEqual([2 ** 32 - 1, undefined]);
  });
});
