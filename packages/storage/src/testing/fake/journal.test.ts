import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { randomFate } from './fate.ts';
import { Cell, change, Journal, type MetadataOrder } from './journal.ts';

const CELLS = 4;

interface Step {
  set: number[];
  sync: number | null;
}

/** Each step sets some cells at once; then one of them may be synced. */
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    set: fc.uniqueArray(fc.nat(CELLS - 1), { minLength: 1, maxLength: 2 }),
    sync: fc.option(fc.nat(CELLS - 1)),
  }),
  { maxLength: 12 },
);

/** What the cells were after each step, what a crash left of that, and the first step from whose end on each cell may be. */
function crashed(order: MetadataOrder, todo: readonly Step[], seed: number) {
  const journal = new Journal(order);
  const cells = Array.from({ length: CELLS }, () => new Cell(0));
  const states = [cells.map(() => 0)];
  const syncedAt = cells.map(() => 0);
  for (const [at, { set, sync }] of todo.entries()) {
    journal.add(set.map((cell) => change(cells[cell]!, at + 1)));
    states.push(cells.map(({ current }) => current));
    if (sync === null) continue;
    journal.sync(new Set([cells[sync] as Cell<unknown>]));
    syncedAt[sync] = at + 1;
  }
  journal.crash(randomFate(seededRandom(seed)));
  return { states, syncedAt, found: cells.map(({ current }) => current) };
}

describe('after a crash', () => {
  it('a journal has all changes up to some moment, and what was synced', () => {
    const check = fc.property(steps, fc.integer(), (todo, seed) => {
      const { states, syncedAt, found } = crashed('journal', todo, seed);
      const moment = states.findLastIndex((state) => state.every((value, cell) => value === found[cell]));
      expect(moment).toBeGreaterThanOrEqual(0);
      for (const [cell, synced] of syncedAt.entries()) {
        expect(found[cell]).toBeGreaterThanOrEqual(states[synced]![cell]!);
      }
    });
    fc.assert(check);
  });

  it('without one each value is any that it had since it was synced', () => {
    const check = fc.property(steps, fc.integer(), (todo, seed) => {
      const { states, syncedAt, found } = crashed('any', todo, seed);
      for (const [cell, synced] of syncedAt.entries()) {
        expect(states.slice(synced).map((state) => state[cell])).toContain(found[cell]);
      }
    });
    fc.assert(check);
  });

  it('all is there that was there when all was synced', () => {
    for (const order of ['journal', 'any'] as const) {
      const journal = new Journal(order);
      const cell = new Cell(0);
      journal.add([change(cell, 1)]);
      journal.syncAll();
      journal.crash(() => 0);
      expect([cell.current, journal.length]).toEqual([1, 0]);
    }
  });
});
