import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockBudget, ConnectionBudget } from './block-budget.ts';
import { BlockCredit } from './block-credit.ts';

const INITIAL_BLOCKS = 2;

/** A transfer that wants as much credit as it can get. */
function greedy(budget: ConnectionBudget): BlockCredit {
  const credit = new BlockCredit(INITIAL_BLOCKS, budget);
  credit.open(1_000_000);
  for (let block = 0; block < 30; block++) credit.onBegun(0, 1_000_000, 1_000_000);
  credit.announce();
  return credit;
}

/** Uses up a little of each credit in turn until nothing changes any more. */
function settle(credits: readonly BlockCredit[]): number[] {
  for (let round = 0; round < 3000; round++) {
    for (const credit of credits) {
      credit.onReleased();
      credit.announce();
    }
  }
  return credits.map((credit) => credit.announcedBlocks - credit.announcedReleasedBlocks);
}

describe('BlockBudget', () => {
  it('lets one connection have half of the pool, and n that want all of it equal parts', () => {
    const budget = new BlockBudget(1200);
    const credits = [greedy(new ConnectionBudget(budget))];
    expect(settle(credits)).toEqual([600]);
    for (let n = 2; n <= 4; n++) {
      credits.push(greedy(new ConnectionBudget(budget)));
      for (const share of settle(credits)) {
        expect(share).toBeGreaterThanOrEqual(1200 / (n + 1) - 3);
        expect(share).toBeLessThanOrEqual(1200 / (n + 1) + 3);
      }
    }
  });

  it('leaves something for everybody, however many keep what they got', () => {
    const budget = new BlockBudget(1024);
    const shares = Array.from({ length: 20 }, () => {
      const credit = greedy(new ConnectionBudget(budget));
      return credit.announcedBlocks;
    });
    expect(shares.slice(0, 4)).toEqual([512, 256, 128, 64]);
    expect(Math.min(...shares)).toBe(1024 / 64);
  });

  it('divides the part of a connection among its transfers', () => {
    const budget = new BlockBudget(1200);
    const other = greedy(new ConnectionBudget(budget));
    const connection = new ConnectionBudget(budget);
    const transfers = [greedy(connection), greedy(connection), greedy(connection)];
    const [others = 0, ...shares] = settle([other, ...transfers]);
    expect(others).toBeGreaterThanOrEqual(395);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(130);
    transfers[0]!.close(0);
    transfers[1]!.close(0);
    expect(settle([transfers[2]!])[0]).toBeGreaterThanOrEqual(395);
  });

  it('has no memory for strangers when half of it is promised', () => {
    const budget = new BlockBudget(100);
    const strangers = Array.from({ length: 26 }, () => {
      const connection = new ConnectionBudget(budget);
      const { isCrowded } = connection;
      if (!isCrowded) new BlockCredit(INITIAL_BLOCKS, connection);
      return isCrowded;
    });
    expect(strangers.indexOf(true)).toBe(-1);
    expect(new ConnectionBudget(budget).isCrowded).toBe(true);
  });

  it('never promises more than there is, floors aside, and has nothing promised when all is over', () => {
    const step = fc.record({ who: fc.nat(9), what: fc.constantFrom('grow', 'release', 'close', 'announce') });
    fc.assert(
      fc.property(
        fc.integer({ min: 64, max: 2000 }),
        fc.array(step, { maxLength: 300 }),
        (maxBlocks, steps) => {
          const budget = new BlockBudget(maxBlocks);
          const connections = Array.from({ length: 5 }, () => new ConnectionBudget(budget));
          const credits = new Map<number, { credit: BlockCredit; begun: number; released: number }>();
          const promised = (): number =>
            [...credits.values()].reduce(
              (sum, { credit, released }) => sum + credit.announcedBlocks - released,
              0,
            );
          for (const { who, what } of steps) {
            const state = credits.get(who) ?? {
              credit: new BlockCredit(INITIAL_BLOCKS, connections[who % 5]!),
              begun: 0,
              released: 0,
            };
            credits.set(who, state);
            const { credit } = state;
            if (what === 'grow') {
              credit.open(maxBlocks);
              for (; state.begun < credit.announcedBlocks; state.begun++) credit.onBegun(0, 1e6, 1e6);
            } else if (what === 'release' && state.released < state.begun) {
              credit.onReleased();
              state.released += 1;
            } else if (what === 'announce') {
              credit.announce();
            } else if (what === 'close') {
              credit.close(state.begun - state.released);
              for (; state.released < state.begun; state.released++) credit.onReleased();
              credits.delete(who);
            }
            const floors = 5 * Math.max(2 * INITIAL_BLOCKS, maxBlocks / 64);
            expect(promised()).toBeLessThanOrEqual(maxBlocks + floors);
          }
          for (const { credit } of credits.values()) credit.close(0);
          for (const { begun, released } of credits.values()) expect(begun).toBeGreaterThanOrEqual(released);
          const alone = greedy(new ConnectionBudget(budget));
          const bound = Math.max(INITIAL_BLOCKS, Math.floor(Math.max(maxBlocks / 2, maxBlocks / 64)));
          expect(alone.announcedBlocks).toBe(bound);
        },
      ),
      { numRuns: 200 },
    );
  });
});
