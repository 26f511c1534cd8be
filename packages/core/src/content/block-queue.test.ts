import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockQueue } from './block-queue.ts';

describe('BlockQueue', () => {
  it('gives blocks as a plain list would, whatever is put at either end', () => {
    const run = fc.record({
      block: fc.nat(1_000),
      count: fc.integer({ min: 1, max: 5 }),
      byteLength: fc.constant(1),
    });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), run }),
      fc.record({ kind: fc.constant('unshift' as const), block: fc.nat(1_000) }),
      fc.record({ kind: fc.constant('shift' as const), times: fc.integer({ min: 1, max: 8 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new BlockQueue();
        const model: number[] = [];
        for (const step of steps) {
          if (step.kind === 'push') {
            queue.push([step.run]);
            for (let n = 0; n < step.run.count; n++) model.push(step.run.block + n);
          } else if (step.kind === 'unshift') {
            queue.unshift(step.block);
            model.unshift(step.block);
          } else {
            for (let n = 0; n < step.times; n++) {
              expect(queue.next).toBe(model[0]);
              expect(queue.shift()).toBe(model.shift());
            }
          }
        }
      }),
    );
  });

  it('keeps a file of a terabyte as one run', () => {
    const queue = new BlockQueue();
    queue.push([{ block: 0, count: 2 ** 20, byteLength: 2 ** 20 }]);
    for (let block = 0; block < 5_000; block++) expect(queue.shift()).toBe(block);
  });
});
