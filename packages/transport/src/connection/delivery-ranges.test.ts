import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryRanges } from './delivery-ranges.ts';

type Fate = 'unsent' | 'sent' | 'lost' | 'acked';

describe('DeliveryRanges', () => {
  it('agrees with a list of fates under any sequence of sending, loss and acknowledgement', () => {
    const step = fc.record({
      kind: fc.constantFrom('send', 'send', 'ack', 'lose'),
      start: fc.nat(50),
      length: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const delivery = new DeliveryRanges();
        const fates: Fate[] = Array.from({ length: 70 }, () => 'unsent');
        for (const { kind, start, length } of steps) apply(delivery, fates, kind, start, length);
        const acked = fates.findIndex((fate) => fate !== 'acked');
        expect(delivery.ackedPrefix).toBe(acked);
        for (let at = 0; at < fates.length; at++) {
          expect(delivery.lost.contains(at)).toBe(fates[at] === 'lost');
        }
        expect(delivery.nextUnsent).toBe(fates.indexOf('unsent'));
      }),
      { numRuns: 500 },
    );
  });
});

function apply(delivery: DeliveryRanges, fates: Fate[], kind: string, start: number, length: number): void {
  if (kind === 'send') {
    const from = delivery.lost.rangeCount > 0 ? delivery.lost.startOf(0) : delivery.nextUnsent;
    const end = delivery.lost.rangeCount > 0 ? delivery.lost.endOf(0) : Math.min(from + 8, 60);
    const to = Math.min(end, from + length);
    if (to <= from) return;
    delivery.onSent(from, to);
    fates.fill('sent', from, to);
    return;
  }
  const to = Math.min(start + length, delivery.nextUnsent);
  if (to <= start) return;
  if (kind === 'ack') {
    const fresh = fates.slice(start, to).filter((fate) => fate !== 'acked').length;
    expect(delivery.onAcked(start, to)).toBe(fresh);
    fates.fill('acked', start, to);
  } else {
    delivery.onLost(start, to);
    for (let at = start; at < to; at++) if (fates[at] !== 'acked') fates[at] = 'lost';
  }
}
