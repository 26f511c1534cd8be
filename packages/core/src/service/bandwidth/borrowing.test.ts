import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withLoans } from './borrowing.ts';

const none = Number.POSITIVE_INFINITY;
const anyRate = fc.integer({ min: 1_000, max: 2e9 });
const anyDemand = fc.oneof(fc.constant(none), fc.constant(0), anyRate);
const anyPair = (rate: fc.Arbitrary<number>) => fc.record({ incoming: rate, outgoing: rate });
const anyBorrows = fc.record({ incoming: fc.boolean(), outgoing: fc.boolean() });

describe('borrowing', () => {
  it('never makes more of two limits than they are, nor takes what their owner can use', () => {
    fc.assert(
      fc.property(anyPair(anyRate), anyPair(anyDemand), anyBorrows, (limits, demands, borrows) => {
        const rates = withLoans(limits, demands, borrows);
        expect(rates.incoming + rates.outgoing).toBeCloseTo(limits.incoming + limits.outgoing, 3);
        for (const way of ['incoming', 'outgoing'] as const) {
          expect(rates[way]).toBeGreaterThanOrEqual(Math.min(limits[way], demands[way]));
          expect(rates[way]).toBeGreaterThanOrEqual(limits[way] / 16);
        }
      }),
    );
  });

  it.each([
    ['gives sending what receiving leaves idle', { incoming: true, outgoing: false }, 0, none, 10, 310],
    ['gives receiving what sending leaves idle', { incoming: false, outgoing: true }, none, 0, 310, 10],
    ['leaves some to a little traffic', { incoming: true, outgoing: false }, 40, none, 40, 280],
    ['is over when the traffic is back', { incoming: true, outgoing: true }, none, none, 160, 160],
    ['is not for who was not allowed to', { incoming: false, outgoing: true }, 0, none, 160, 160],
    ['is not for who needs none', { incoming: true, outgoing: true }, 0, 100, 160, 160],
  ])('%s', (_what, borrows, incoming, outgoing, expectedIncoming, expectedOutgoing) => {
    const limits = { incoming: 160, outgoing: 160 };
    expect(withLoans(limits, { incoming, outgoing }, borrows)).toEqual({
      incoming: expectedIncoming,
      outgoing: expectedOutgoing,
    });
  });

  it('needs a limit on both sides', () => {
    const limits = { incoming: none, outgoing: 100 };
    const demands = { incoming: 0, outgoing: none };
    expect(withLoans(limits, demands, { incoming: true, outgoing: true })).toEqual(limits);
  });
});
