import { describe, expect, it } from 'vitest';
import { PlanFrontier } from './plan-frontier.ts';

const violation = expect.objectContaining({ code: 'protocol-violation' });

describe('PlanFrontier', () => {
  it('[PL-1] lets two blocks begin before any plan where the path is long, and none where it is short', () => {
    const frontier = new PlanFrontier();
    expect([0, 1, 2].map((block) => frontier.mayBegin(block, 10_000, 0))).toEqual([true, true, false]);
    expect([1, 9_999].map((rttUs) => frontier.mayBegin(0, rttUs, 1_000))).toEqual([false, false]);
  });

  it('[PL-1] takes a path for long that has not answered for that time', () => {
    const frontier = new PlanFrontier();
    expect([0, 9, 10].map((waitedMs) => frontier.mayBegin(0, 0, waitedMs))).toEqual([false, false, true]);
  });

  it('[PL-1] lets begin what is planned once anything was', () => {
    const frontier = new PlanFrontier();
    frontier.advance(0, 5);
    expect(frontier.mayBegin(0, 1e6, 1e3)).toBe(false);
    frontier.advance(5, 5);
    expect([frontier.mayBegin(4, 0, 0), frontier.mayBegin(5, 1e6, 1e3)]).toEqual([true, false]);
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
