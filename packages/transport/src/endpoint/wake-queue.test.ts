import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WakeItem, WakeQueue } from './wake-queue.ts';

describe('WakeQueue', () => {
  it('gives items in the order of their times, whatever was moved and taken out before', () => {
    const command = fc.record({
      item: fc.nat(19),
      wakeUs: fc.oneof(
        { weight: 8, arbitrary: fc.nat(50) },
        { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
        { weight: 1, arbitrary: fc.constant(Number.NEGATIVE_INFINITY) },
      ),
      action: fc.constantFrom('set', 'set', 'set', 'delete', 'take'),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
        const queue = new WakeQueue<WakeItem & { id: number }>();
        const items = Array.from({ length: 20 }, (_, id) => ({ id, wakeUs: 0, heapIndex: -1 }));
        const model = new Map<number, number>();
        for (const { item, wakeUs, action } of commands) {
          if (action === 'set') {
            queue.set(items[item]!, wakeUs);
            if (wakeUs === Number.POSITIVE_INFINITY) model.delete(item);
            else model.set(item, wakeUs);
          } else if (action === 'delete') {
            queue.delete(items[item]!);
            model.delete(item);
          } else {
            const earliest = Math.min(...model.values());
            const taken = queue.takeDue(25);
            expect(taken === undefined).toBe(earliest > 25);
            if (taken !== undefined) expect(model.get(taken.id)).toBe(earliest);
            if (taken !== undefined) model.delete(taken.id);
          }
          expect(queue.nextUs).toBe(Math.min(...model.values()));
          expect(queue.size).toBe(model.size);
        }
      }),
    );
  });
});
