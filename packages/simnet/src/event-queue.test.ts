import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';

describe('EventQueue', () => {
  it('gives events by time, equal times in the order of pushing, between any pushes and pops', () => {
    const step = fc.oneof(fc.nat(20), fc.constant('pop' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
        const queue = new EventQueue();
        const model: { timeUs: number; subject: number }[] = [];
        steps.forEach((what, subject) => {
          if (what !== 'pop') {
            queue.push(what, subject % 3, subject);
            model.push({ timeUs: what, subject });
            return;
          }
          model.sort((a, b) => a.timeUs - b.timeUs || a.subject - b.subject);
          const expected = model.shift();
          expect(queue.nextTimeUs).toBe(expected?.timeUs ?? Number.POSITIVE_INFINITY);
          expect(queue.pop()).toBe(expected !== undefined);
          if (expected !== undefined) {
            expect([queue.timeUs, queue.subject, queue.kind]).toEqual([
              expected.timeUs,
              expected.subject,
              expected.subject % 3,
            ]);
          }
          expect(queue.size).toBe(model.length);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a time that is not a finite number', () => {
    expect(() => new EventQueue().push(Number.NaN, 0, 0)).toThrow(RangeError);
    expect(() => new EventQueue().push(Number.POSITIVE_INFINITY, 0, 0)).toThrow(RangeError);
  });
});
