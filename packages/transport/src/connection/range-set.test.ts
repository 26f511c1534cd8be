import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeSet } from './range-set.ts';

const LIMIT = 60;

type Step =
  | { kind: 'insert' | 'remove'; start: number; length: number }
  | { kind: 'removeBelow'; start: number; length: number }
  | { kind: 'dropLowest'; start: number; length: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'insert', 'remove', 'removeBelow', 'dropLowest'),
  start: fc.nat(LIMIT),
  length: fc.nat(9),
});

function apply(set: RangeSet, model: Set<number>, { kind, start, length }: Step): void {
  const values = Array.from({ length }, (_, i) => start + i);
  if (kind === 'insert') {
    const fresh = values.filter((v) => !model.has(v));
    expect(set.insert(start, start + length)).toBe(fresh.length);
    for (const v of fresh) model.add(v);
  } else if (kind === 'remove') {
    const present = values.filter((v) => model.has(v));
    expect(set.remove(start, start + length)).toBe(present.length);
    for (const v of present) model.delete(v);
  } else if (kind === 'removeBelow') {
    set.removeBelow(start);
    for (const v of [...model]) if (v < start) model.delete(v);
  } else if (set.rangeCount > 0) {
    for (let v = set.startOf(0), end = set.endOf(0); v < end; v++) model.delete(v);
    set.dropLowest();
  }
}

function expectSame(set: RangeSet, model: Set<number>): void {
  expect(set.size).toBe(model.size);
  let previousEnd = Number.NEGATIVE_INFINITY;
  const listed: number[] = [];
  for (let i = 0; i < set.rangeCount; i++) {
    expect(set.startOf(i)).toBeGreaterThan(previousEnd);
    expect(set.endOf(i)).toBeGreaterThan(set.startOf(i));
    previousEnd = set.endOf(i);
    for (let v = set.startOf(i); v < set.endOf(i); v++) listed.push(v);
  }
  expect(listed).toEqual([...model].sort((a, b) => a - b));
  for (let v = 0; v <= LIMIT + 10; v++) {
    expect(set.contains(v)).toBe(model.has(v));
    let missing = v;
    while (model.has(missing)) missing += 1;
    expect(set.nextMissing(v)).toBe(missing);
    const present = listed.find((x) => x >= v) ?? Number.POSITIVE_INFINITY;
    expect(set.nextPresent(v)).toBe(present);
  }
}

describe('RangeSet', () => {
  it('agrees with a plain set under any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const set = new RangeSet(1);
        const model = new Set<number>();
        for (const s of steps) apply(set, model, s);
        expectSame(set, model);
      }),
      { numRuns: 400 },
    );
  });

  it('holds numbers up to 2^53', () => {
    const set = new RangeSet();
    const top = Number.MAX_SAFE_INTEGER;
    set.insert(top - 10, top - 5);
    expect(set.insert(top - 5, top)).toBe(5);
    expect(set.rangeCount).toBe(1);
    expect(set.nextMissing(top - 10)).toBe(top);
  });

  it('keeps its memory when it grows at the end and shrinks at the beginning', () => {
    const set = new RangeSet(4);
    for (let i = 0; i < 10_000; i++) {
      set.insert(i * 2, i * 2 + 1);
      set.removeBelow(i * 2 - 4);
    }
    expect(set.rangeCount).toBe(3);
    expect((set as unknown as { bounds: Float64Array }).bounds.length).toBeLessThanOrEqual(16);
  });
});
