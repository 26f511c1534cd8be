import { describe, expect, it } from 'vitest';
import { PlanFrontier } from './plan-frontier.ts';

const violation = expect.objectContaining({ code: 'protocol-violation' });

describe('PlanFrontier', () => {
  it('[PL-1] lets two blocks begin before any plan where the path is long, and none where it is short or unknown', () => {
    const frontier = new PlanFrontier();
    expect([0, 1, 2].map((block) => frontier.mayBegin(block, 10_000))).toEqual([true, true, false]);
    expect([undefined, 0, 9_999].map((rttUs) => frontier.mayBegin(0, rttUs))).toEqual([false, false, false]);
  });

  it('[PL-1] lets begin what is planned once anything was', () => {
    const frontier = new PlanFrontier();
    frontier.advance(0, 5);
    expect(frontier.mayBegin(0, 1e6)).toBe(false);
    frontier.advance(5, 5);
    expect([frontier.mayBegin(4, undefined), frontier.mayBegin(5, 1e6)]).toEqual([true, false]);
  });

  it('[PL-1] never falls, nor goes beyond the manifest', () => {
    const frontier = new PlanFrontier();
    expect(() => frontier.advance(1, 0)).toThrow(violation);
    frontier.advance(3, 4);
    frontier.advance(3, 4);
    expect(() => frontier.advance(2, 4)).toThrow(violation);
    expect(() => frontier.advance(5, 4)).toThrow(violation);
  });
});
